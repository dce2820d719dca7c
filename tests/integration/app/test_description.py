"""Requests that nobody thinks of, made from the API's own description: no server error, no surprise."""

from __future__ import annotations

from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from spacedock.docks.instance import FullInstance
from tests.integration.app.readers import Reader

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def test_it_answers_as_described(reader: Reader, instance: FullInstance) -> None:
    reader.introduce()
    headers = {"Authorization": reader.http.headers["Authorization"]}
    description = schemathesis.openapi.from_url(f"{instance.url}/openapi.json")
    operations = [found.ok() for found in description.get_all_operations() if isinstance(found, Ok)]
    assert len(operations) == 8
    # The one that ends the reader's session comes last.
    for operation in sorted(operations, key=lambda one: one.path == "/api/sessions/current"):

        @given(case=operation.as_strategy())
        @settings(
            max_examples=25,
            deadline=None,
            derandomize=True,  # the same requests each time
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def holds(case: schemathesis.Case[Any]) -> None:
            case.call_and_validate(headers=headers, checks=CHECKS)

        holds()
    assert instance.alive()
    assert '"frames"' not in instance.logs()  # nothing failed in a way that nobody foresaw
