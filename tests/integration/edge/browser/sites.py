"""The sites around the Space of these tests."""

from __future__ import annotations

FRONT = "https://my-book.vercel.app"  # the Space's manifest allows it
FOREIGN = "https://elsewhere.example"
HUB = "https://huggingface.co"
