"""A Space is asked in one way: nothing else of these rooms speaks HTTP, or opens a socket."""

from __future__ import annotations

from pathlib import Path

from tests.unit.test_rooms import PACKAGE, imported

CLIENTS = {"httpx", "httpcore", "requests", "urllib3", "urllib.request", "http.client", "socket"}
EXEMPT = {
    "evidence/inflight.py": "it holds a request half sent, which no client of HTTP does",
    "evidence/ports.py": "it has the kernel give a port, and speaks to nobody",
}


def speaks(path: Path) -> bool:
    return any(
        module == client or module.startswith(f"{client}.") for module in imported(path) for client in CLIENTS
    )


def speaking(room: str) -> set[str]:
    files = {path.relative_to(PACKAGE).as_posix(): path for path in (PACKAGE / room).rglob("*.py")}
    return {name for name, path in files.items() if speaks(path)}


def test_only_asking_speaks_to_a_space() -> None:
    others = {name for name in speaking("evidence") if not name.startswith("evidence/asking/")}
    assert others == set(EXEMPT)


def test_what_judges_asks_nobody_by_itself() -> None:
    assert speaking("contract") == set()


def test_only_the_one_who_knows_its_host_asks_where_it_listens() -> None:
    rooms = ("evidence", "failures", "run", "contract", "cli")
    asking = {
        path.relative_to(PACKAGE).as_posix()
        for room in rooms
        for path in (PACKAGE / room).rglob("*.py")
        if "spacedock.evidence.asking.directly" in imported(path)
    }
    assert asking == {"evidence/boots.py"}
