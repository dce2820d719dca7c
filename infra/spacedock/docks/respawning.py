"""How often something that starts servers has started one again, by what it writes."""

from __future__ import annotations

import re

# Of each supervisor what it writes when a server of its ends (arbiter of gunicorn, uvicorn's multiprocess,
# supervisord, PM2, granian); of gunicorn a worker's number once, however many lines name it.
_ENDS = re.compile(
    r"Worker exiting \(pid: (?P<gunicorn>\d+)\)"
    r"|Worker \(pid:(?P<arbiter>\d+)\) (?:exited with code|was sent SIG)"
    r"|Child process \[(?P<uvicorn>\d+)\] died"
    r"|(?P<supervisord>exited: \S+ \((?:exit status \d+|terminated by SIG\w+); not expected\))"
    r"|(?P<pm2>App \[[^\]\n]*\] exited with code \[\d+\])"
    r"|(?P<granian>[Uu]nexpected exit from worker)"
)
_BY_NUMBER = ("gunicorn", "arbiter", "uvicorn")
# Who writes this has given up.
_GIVEN_UP = re.compile(r"gave up: \S+ entered FATAL state|\bapp crashed - waiting for file changes")
ENOUGH = 5  # ends of servers after which another try does not go otherwise


def restarts(log: str) -> int:
    """Return how many servers have ended and were started again; enough of them where that was given up."""
    numbers, others = set(), 0
    for found in _ENDS.finditer(log):
        number = next(filter(None, (found[name] for name in _BY_NUMBER)), "")
        numbers.add(number)
        others += not number
    times = len(numbers - {""}) + others
    return max(times, ENOUGH) if _GIVEN_UP.search(log) else times
