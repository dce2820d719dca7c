"""A Space is asked in one way: nothing else of these rooms speaks HTTP, or opens a socket."""

from __future__ import annotations

from pathlib import Path

from tests.unit.test_rooms import PACKAGE, imported

CLIENTS = {"httpx", "httpcore", "requests", "urllib3", "urllib.request", "http.client", "socket"}
EXEMPT = {
    "evidence/inflight.py": "it holds a request half sent, which no client of HTTP does",
}
# What still asks by itself. It goes with the last of them.
YET_TO_MOVE: set[str] = {
    "contract/evidence/asking.py",
    "contract/evidence/pages.py",
    "contract/evidence/preflights.py",
    "contract/evidence/visits.py",
    "contract/examine.py",
    "contract/promises/answers_cors_preflight.py",
    "contract/promises/answers_head.py",
    "contract/promises/answers_while_a_service_is_away.py",
    "contract/promises/asks_who_calls.py",
    "contract/promises/binds_app_port.py",
    "contract/promises/finds_what_its_pages_load.py",
    "contract/promises/fits_in_a_frame.py",
    "contract/promises/fits_its_hardware.py",
    "contract/promises/keeps_secrets_out_of_logs.py",
    "contract/promises/overlaps_on_redeploy.py",
    "contract/promises/shows_errors_to_the_browser.py",
    "contract/promises/speaks_https_behind_the_edge.py",
    "contract/promises/stays_up.py",
    "contract/promises/streams_through_the_edge.py",
    "contract/promises/survives_the_observed_edge.py",
    "contract/promises/trusts_only_the_edge_for_client_address.py",
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
    assert speaking("contract") == YET_TO_MOVE
