"""The dock without Docker: the Space as a process of this machine."""
