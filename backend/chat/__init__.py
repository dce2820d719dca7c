"""Answering a question from the book, and remembering what was said."""
