"""The interface for people, from its own description: no script, and nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from backend.api.page import HEADERS

router = APIRouter(include_in_schema=False)

Described = Mapping[str, Any]


@router.get("/docs")
async def reference(request: Request) -> HTMLResponse:
    """Show every route with what it takes and answers."""
    return HTMLResponse("\n".join(_page(request.app.openapi())), headers=HEADERS)


def _page(document: Described) -> Iterator[str]:
    from backend.chat.rendering import to_html  # noqa: PLC0415  the first answer need not wait for it

    title = escape(document["info"]["title"])
    yield f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><h1>{title}</h1>'
    yield to_html(document["info"]["description"])
    yield '<p>For programs: <a href="/openapi.json">/openapi.json</a>.</p>'
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield f"<h2>{method.upper()} {escape(path)}</h2>{to_html(operation['description'])}"
            yield from _list("Takes", _taken(operation, document))
            yield from _list("Answers", _answered(operation))


def _taken(operation: Described, document: Described) -> Iterator[tuple[str, str]]:
    for parameter in operation.get("parameters", ()):
        yield parameter["name"], f"{parameter['in']}. {_said(parameter['schema'], parameter)}"
    for content in operation.get("requestBody", {}).get("content", {}).values():
        name = content["schema"]["$ref"].rpartition("/")[2]
        for field, schema in document["components"]["schemas"][name]["properties"].items():
            yield field, f"body. {_said(schema, schema)}"


def _said(schema: Described, described: Described) -> str:
    kinds = (schema, *schema.get("anyOf", ()))
    limits = [
        f"{name} {kind[name]}"
        for kind in kinds
        for name in ("minimum", "maximum", "maxLength")
        if name in kind
    ]
    return ", ".join([described.get("description", schema.get("title", "")), *limits])


def _answered(operation: Described) -> Iterator[tuple[str, str]]:
    for status, response in sorted(operation["responses"].items()):
        yield status, f"{response['description']} ({', '.join(response.get('content', {})) or 'nothing'})"


def _list(title: str, entries: Iterator[tuple[str, str]]) -> Iterator[str]:
    if told := [f"<dt>{escape(name)}</dt><dd>{escape(what)}</dd>" for name, what in entries]:
        yield f"<h3>{title}</h3><dl>{''.join(told)}</dl>"
