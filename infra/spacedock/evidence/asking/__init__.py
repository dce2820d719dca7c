"""The one way to ask a Space: never another host, nothing without an end, and whatever comes is an answer."""

from spacedock.evidence.asking.asker import Asker, directly, headers_of, through
from spacedock.evidence.asking.pieces import Pieces
from spacedock.evidence.asking.reply import AskLimits, Headers, Reply

__all__ = ["AskLimits", "Asker", "Headers", "Pieces", "Reply", "directly", "headers_of", "through"]
