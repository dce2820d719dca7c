"""The Space behind its edge, in a real browser."""
