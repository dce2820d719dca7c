from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager

import pytest
import uvicorn
from fastapi import FastAPI

Serve = Callable[[FastAPI], str]


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """Serve the app on a free port in a thread and give its address."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="session")
def serve() -> Iterator[Serve]:
    """Serve apps until the session ends."""
    with ExitStack() as stack:
        yield lambda app: stack.enter_context(served(app))


@contextmanager
def started(*command: str, **environment: str) -> Iterator[str]:
    """Run Python with the arguments and give the address that it says it listens on."""
    child = subprocess.Popen(
        [sys.executable, *command],
        env={"PATH": os.environ["PATH"], "PORT": "0", **environment},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stderr
    try:
        seen = []
        for line in child.stderr:
            seen.append(line)
            if said := re.search(r"running on (http://\S+)", line):
                yield said[1]
                return
        pytest.fail(f"it ended before it listened:\n{''.join(seen)}")
    finally:
        child.kill()
        child.communicate()
