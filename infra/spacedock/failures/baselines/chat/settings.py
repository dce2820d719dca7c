"""What the Space is told: three secrets, without which it does not start."""

from __future__ import annotations

import os
import sys

NAMES = ("QDRANT_URL", "QDRANT_API_KEY", "OPENAI_API_KEY")

# What is pasted easily ends in a line break, which no header may hold.
secrets = {name: os.environ.get(name, "").strip() for name in NAMES}
if missing := [name for name in NAMES if not secrets[name]]:
    sys.exit(f"not set: {', '.join(missing)}")
