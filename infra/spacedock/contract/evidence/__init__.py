"""What promises look at in a running Space, a module a subject: what it is asked, how it ends."""
