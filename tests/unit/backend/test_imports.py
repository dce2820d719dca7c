"""No garbage is looked for while the backend imports, and it is afterwards."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from backend import main
from backend.imports import without_collection


def test_garbage_is_looked_for_afterwards_and_not_in_what_was_made() -> None:
    gc.unfreeze()
    with without_collection():
        assert not gc.isenabled()
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0
    gc.unfreeze()


def test_garbage_is_looked_for_after_an_import_that_fails() -> None:
    with pytest.raises(ImportError), without_collection():
        raise ImportError
    assert gc.isenabled()


def test_none_is_looked_for_while_the_clients_are_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []
    unread: Any = None
    monkeypatch.setattr(main, "open_services", lambda _: seen.append(gc.isenabled()))
    main._open(unread)
    assert seen == [False]
    gc.unfreeze()
