"""What promises look at, a module a subject: where the manifest points, what files say, how a berth ends."""
