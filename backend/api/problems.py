"""Errors as RFC 9457 problem details: every answer that is none has the same form."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import singledispatch
from http import HTTPStatus
from typing import Any

from asgi_correlation_id import correlation_id
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from backend.chat.errors import BadCursorError, UnknownConversationError, UnknownTokenError
from backend.services.base import AwayError
from backend.services.budget import StoppingError

MEDIA_TYPE = "application/problem+json"
AGAIN = 5  # seconds until a service is worth another try, when it did not say
RESTART = 15  # seconds that a new container takes


class Defect(BaseModel):
    """What is wrong with one part of a request; what was sent is not repeated."""

    pointer: str = Field(examples=["/question"])
    detail: str = Field(examples=["String should have at most 2000 characters"])


class Problem(BaseModel):
    """RFC 9457, with the service that is away and the request's id in the log."""

    type: str = "about:blank"
    title: str = Field(examples=["Service Unavailable"])
    status: int = Field(examples=[503])
    detail: str = Field(examples=["openai is away: it did not answer within 8 s."])
    service: str | None = Field(default=None, examples=["openai"])
    request_id: str | None = None
    errors: list[Defect] | None = None


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems that a route can answer with, for its `responses`."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    described = {status: HTTPStatus(status).phrase for status in (422, *statuses)}
    return {status: {"description": phrase, "content": content} for status, phrase in described.items()}


def describe(document: dict[str, Any]) -> None:
    """Put the schema of problems into an OpenAPI document: FastAPI knows models of JSON answers only."""
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    document["components"]["schemas"] |= {**schema.pop("$defs"), "Problem": schema}


Told = tuple[Problem, Mapping[str, str]]


@singledispatch
def problem_of(_: Exception) -> Told:
    """What an error is told as, and with which headers. Of one that nobody foresaw nothing is told."""
    return _problem(500, "Something went wrong here. The log has the request's id."), {}


@problem_of.register
def _(error: AwayError) -> Told:
    problem = _problem(429 if error.busy else 503, f"{error.service} is away: {error}.")
    problem.service = error.service or None
    return problem, _later(AGAIN if error.retry_after is None else error.retry_after)


@problem_of.register
def _(_: StoppingError) -> Told:
    return _problem(503, "The Space is being restarted; ask again."), _later(RESTART)


@problem_of.register
def _(error: HTTPException) -> Told:
    return _problem(error.status_code, str(error.detail)), error.headers or {}


@problem_of.register
def _(_: UnknownTokenError) -> Told:
    detail = "The token is missing or not known; get one with POST /api/sessions."
    return _problem(401, detail), {"WWW-Authenticate": "Bearer"}


@problem_of.register
def _(_: UnknownConversationError) -> Told:
    return _problem(404, "There is no such conversation of yours."), {}


@problem_of.register
def _(_: BadCursorError) -> Told:
    return _problem(422, "before is not a cursor.", [("/before", "not one that a page gave")]), {}


@problem_of.register
def _(error: RequestValidationError) -> Told:
    return _problem(422, "The request is not as it must be.", _defects(error)), {}


def install(app: FastAPI) -> None:
    """Answer every error with its problem."""

    async def answer(_: Request, error: Exception) -> Response:
        problem, headers = problem_of(error)
        content = problem.model_dump(exclude_none=True)
        return JSONResponse(content, problem.status, headers, media_type=MEDIA_TYPE)

    async def nobody_listens(_: Request, __: Exception) -> Response:
        return Response(status_code=499)  # nginx's code for a client that closed the request

    app.add_exception_handler(ClientDisconnect, nobody_listens)
    for kind in problem_of.registry:
        app.add_exception_handler(Exception if kind is object else kind, answer)


def _problem(status: int, detail: str, errors: Sequence[tuple[str, str]] | None = None) -> Problem:
    return Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        request_id=correlation_id.get(),
        errors=None if errors is None else [Defect(pointer=p, detail=d) for p, d in errors],
    )


def _later(seconds: float) -> Mapping[str, str]:
    return {"Retry-After": str(math.ceil(seconds))}


def _defects(error: RequestValidationError) -> list[tuple[str, str]]:
    return [(_pointer(one), str(one["msg"])) for one in error.errors()]


def _pointer(error: Mapping[str, Any]) -> str:
    """Where it is wrong; the name of a field that does not belong there is the client's own word."""
    place = error["loc"][1:-1] if error["type"] == "extra_forbidden" else error["loc"][1:]
    return "/" + "/".join(map(str, place))
