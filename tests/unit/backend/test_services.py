"""What holds for every service."""

from __future__ import annotations

import pytest

from backend.services.roster import NAMES, open_services
from tests.unit.backend.conftest import Configure

pytestmark = pytest.mark.anyio


async def test_there_is_a_service_for_each_name(configure: Configure) -> None:
    assert tuple(service.name for service in open_services(configure())) == NAMES
