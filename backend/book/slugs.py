"""Anchors of headings, as GitHub and Docusaurus make them."""

from __future__ import annotations

import unicodedata

# Letters, marks, decimal and letter numbers, connectors such as `_`: what github-slugger's pattern leaves.
_KEPT = ("L", "M", "Nd", "Nl", "Pc")


def slug(heading: str) -> str:
    """Return the anchor of a heading, the first of its name in a chapter."""
    kept = (c for c in heading.lower() if c in " -" or unicodedata.category(c).startswith(_KEPT))
    return "".join(kept).replace(" ", "-")


class Anchors:
    """The anchors of one chapter, no two the same: `summary`, `summary-1`, `summary-2`."""

    def __init__(self) -> None:
        self._times = {"": 0}  # the text before the first heading has no anchor

    def take(self, wanted: str) -> str:
        """Return `wanted`, numbered when it is taken."""
        anchor = wanted
        while anchor in self._times:
            self._times[wanted] += 1
            anchor = f"{wanted}-{self._times[wanted]}"
        self._times[anchor] = 0
        return anchor
