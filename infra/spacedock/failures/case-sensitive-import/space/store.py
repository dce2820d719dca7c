"""The notes."""

NOTES = ["The zero moment point lies within the feet."]
