"""What a dock can show to be true, as evidence needs it."""

from __future__ import annotations

from enum import StrEnum


class Capability(StrEnum):
    """What a dock can show to be true. Evidence lists what it needs."""

    FILES = "files"  # the Space's files are read
    IMAGE = "image"  # the Dockerfile itself is built and run
    BOOT = "boot"  # the Space is booted and asked
    VARY = "vary"  # boots of our choosing: secrets withheld, another PORT, a `.env`
    LOGS = "logs"  # what the Space writes is read
    IDENTITY = "identity"  # the process runs as uid 1000 over the image's own files and owners
    LIMITS = "limits"  # the flavour's CPU, memory and disk are enforced
    SIGNALS = "signals"  # a stop can be sent and its effect seen
    SERVICES = "services"  # the Space talks to real or stand-in services
    EDGE = "edge"  # the TLS proxy of the platform stands in front
    EGRESS = "egress"  # connections to the outside are limited as on the platform
    DISK = "disk"  # what a Space writes is seen, and gone with its container
    OVERLAP = "overlap"  # two instances of one Space run at once
