"""What can be seen of a Space, a module a subject; each says what it needs."""
