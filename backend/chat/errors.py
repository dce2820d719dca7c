"""What a reader's request can be wrong about. The routes know these without the database's client."""

from __future__ import annotations


class UnknownTokenError(Exception):
    """No session has this token."""


class UnknownConversationError(Exception):
    """The reader has no such conversation; somebody else may."""


class BadCursorError(ValueError):
    """`before` is not one that a page gave."""
