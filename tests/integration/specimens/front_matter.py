"""Specimens whose README.md the Hub refuses; they run as well as the sound Space."""

from __future__ import annotations

from tests.integration.specimens.base import Change, Specimen

_COLOR = "colorFrom: indigo"
_DESCRIPTION = "short_description: Retrieval chat over the textbook"

SPECIMENS = (
    Specimen(
        "a colour that the hub does not know",
        breaks="front-matter-is-valid",
        says="README.md:4: `colorFrom` is 'violet', which is not accepted",
        changes=(Change("README.md", _COLOR, "colorFrom: violet"),),
    ),
    Specimen(
        "a short description that is long",
        breaks="front-matter-is-valid",
        says="README.md:8: `short_description` has 70 characters; at most 60 are accepted",
        changes=(Change("README.md", _DESCRIPTION, f"{_DESCRIPTION}, with sources, citations and a memory"),),
    ),
)
