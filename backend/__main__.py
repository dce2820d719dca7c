"""`python -m backend`: read the settings, then serve until a signal says stop."""

import os
import signal
import sys

# The kernel drops a SIGTERM for which PID 1 has no handler, and the imports take a while. While it serves,
# uvicorn uses a handler of its own; once everything is closed it raises the signal again, for this one. A
# plain exit would then wait for threads, and one that resolves a name can hang for longer than a stop may
# take.
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))

from backend.cli import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
