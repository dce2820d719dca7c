"""What promises look at, a module a subject: where a manifest points, what files say, how it ends."""
