"""A double of Qdrant: the engine that its Python client carries, behind Qdrant's own REST types.

What is stored lives in memory. It stands alone, so that an image can be made of this one file.

    HOST                      where to listen; 127.0.0.1 when unset
    PORT                      where to listen; 6333 when unset, 0 takes a free port, and the log says which
    QDRANT__SERVICE__API_KEY  the key that callers must send; without it everybody may enter, as in Qdrant
"""

from __future__ import annotations

import hmac
import os
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Annotated, Any

import uvicorn
from fastapi import APIRouter, Depends, FastAPI, Path, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from fastapi.routing import APIRoute
from qdrant_client import AsyncQdrantClient
from qdrant_client.http import models
from starlette.exceptions import HTTPException

Name = Annotated[str, Path(alias="collection_name")]


class RefusedError(Exception):
    """A refusal with its HTTP status, to be said in Qdrant's words."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Enveloped(APIRoute):
    """Puts answers and refusals into Qdrant's envelope: `result`, `status`, and `time` in seconds."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler of the route."""
        handle = super().get_route_handler()

        async def handle_enveloped(request: Request) -> Response:
            began = time.perf_counter()
            try:
                result = bytes((await handle(request)).body)
            except RefusedError as refused:
                return _refusal(refused.status, str(refused), began)
            except RequestValidationError as error:
                return _refusal(400, _format_error(error), began)
            except ValueError as error:  # how the engine refuses
                return _refusal(400, _wrong_input(str(error)), began)
            tail = f',"status":"ok","time":{time.perf_counter() - began:.9f}}}'
            return Response(b'{"result":' + result + tail.encode(), media_type="application/json")

        return handle_enveloped


def _refusal(status: int, text: str, began: float) -> Response:
    return JSONResponse({"status": {"error": text}, "time": time.perf_counter() - began}, status)


def _format_error(error: RequestValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"] if part != "body")
    return f"Format error in JSON body: {place}: {first['msg']}"


def _wrong_input(text: str) -> str:
    text = text.removesuffix(" for vector ''")  # Qdrant does not name the vector that has no name
    return text if text.startswith("Wrong input: ") else f"Wrong input: {text}"


def _check_size(info: models.CollectionInfo, query: models.QueryInterface | None, using: str | None) -> None:
    # The engine leaves this to numpy, whose words are not Qdrant's.
    vector = query.nearest if isinstance(query, models.NearestQuery) else query
    vectors = info.config.params.vectors
    params = vectors.get(using or "") if isinstance(vectors, dict) else vectors
    if params is None or not isinstance(vector, list) or isinstance(vector[0], list):
        return
    if len(vector) != params.size:
        text = f"Vector dimension error: expected dim: {params.size}, got {len(vector)}"
        raise RefusedError(400, _wrong_input(text))


def create_app(api_key: str | None = None) -> FastAPI:
    """The double, with an empty engine. `api_key` is the one that it accepts, None lets everybody in."""
    app = FastAPI(title="Qdrant double", openapi_url=None)
    engine = AsyncQdrantClient(":memory:")

    @app.middleware("http")
    async def check_key(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        refusal = _key_refusal(request, api_key) if api_key else None
        return PlainTextResponse(refusal, 401) if refusal else await go_on(request)

    @app.exception_handler(HTTPException)
    async def own_up(request: Request, _: HTTPException) -> Response:
        text = f"This double of Qdrant has no route {request.method} {request.url.path}"
        return _refusal(501, text, time.perf_counter())

    app.include_router(_service(engine))
    app.include_router(_collections(engine))
    app.include_router(_points(engine))
    return app


def _key_refusal(request: Request, api_key: str) -> str | None:
    """What Qdrant answers to a caller without the key: its src/actix/auth.rs and src/common/auth/mod.rs."""
    path = request.url.path
    if path in {"/", "/healthz"} or path.startswith(("/readyz", "/livez")):
        return None
    bearer = request.headers.get("authorization", "")
    sent = request.headers.get("api-key") or bearer.removeprefix("Bearer ")
    if not sent:
        return "Must provide an API key or an Authorization bearer token"
    if not hmac.compare_digest(sent.encode(), api_key.encode()):
        return "Invalid API key or JWT"
    return None


def _service(engine: AsyncQdrantClient) -> APIRouter:
    service = APIRouter()

    @service.get("/")
    async def version() -> models.VersionInfo:
        return await engine.info()

    @service.get("/healthz")
    @service.get("/livez")
    async def live() -> Response:
        return PlainTextResponse("healthz check passed")

    @service.get("/readyz")
    async def ready() -> Response:
        return PlainTextResponse("all shards are ready")

    return service


def _existing(engine: AsyncQdrantClient) -> Callable[[str], Awaitable[None]]:
    async def refuse_missing(name: Name) -> None:
        if not await engine.collection_exists(name):
            raise RefusedError(404, f"Not found: Collection `{name}` doesn't exist!")

    return refuse_missing


def _collections(engine: AsyncQdrantClient) -> APIRouter:
    collections = APIRouter(prefix="/collections", route_class=Enveloped)
    existing = [Depends(_existing(engine))]

    @collections.get("")
    async def list_collections() -> models.CollectionsResponse:
        return await engine.get_collections()

    # Qdrant leaves out what is not set; clients of other versions refuse fields that they do not know.
    @collections.get("/{collection_name}", dependencies=existing, response_model_exclude_unset=True)
    async def get_collection(name: Name) -> models.CollectionInfo:
        return await engine.get_collection(name)

    @collections.get("/{collection_name}/exists")
    async def exists(name: Name) -> models.CollectionExistence:
        return models.CollectionExistence(exists=await engine.collection_exists(name))

    @collections.put("/{collection_name}")
    async def create(name: Name, wanted: models.CreateCollection) -> bool:
        if await engine.collection_exists(name):
            raise RefusedError(409, f"Wrong input: Collection `{name}` already exists!")
        return await engine.create_collection(
            name,
            vectors_config=wanted.vectors,
            sparse_vectors_config=wanted.sparse_vectors,
            metadata=wanted.metadata,
        )

    @collections.delete("/{collection_name}")
    async def delete(name: Name) -> bool:
        return await engine.delete_collection(name)

    @collections.put("/{collection_name}/index", dependencies=existing)
    async def create_index(name: Name, wanted: models.CreateFieldIndex) -> models.UpdateResult:
        return await engine.create_payload_index(name, wanted.field_name, wanted.field_schema)

    @collections.delete("/{collection_name}/index/{field_name}", dependencies=existing)
    async def delete_index(name: Name, field_name: str) -> models.UpdateResult:
        return await engine.delete_payload_index(name, field_name)

    return collections


def _points(engine: AsyncQdrantClient) -> APIRouter:
    points = APIRouter(
        prefix="/collections/{collection_name}/points",
        route_class=Enveloped,
        dependencies=[Depends(_existing(engine))],
    )

    @points.put("")
    async def upsert(name: Name, wanted: models.PointInsertOperations) -> models.UpdateResult:
        what = wanted.batch if isinstance(wanted, models.PointsBatch) else wanted.points
        return await engine.upsert(
            name, what, update_filter=wanted.update_filter, update_mode=wanted.update_mode
        )

    @points.post("")
    async def retrieve(name: Name, wanted: models.PointRequest) -> list[models.Record]:
        payload = True if wanted.with_payload is None else wanted.with_payload
        return await engine.retrieve(name, wanted.ids, payload, wanted.with_vector or False)

    @points.post("/delete")
    async def delete(name: Name, wanted: models.PointsSelector) -> models.UpdateResult:
        return await engine.delete(name, wanted)

    @points.post("/scroll")
    async def scroll(name: Name, wanted: models.ScrollRequest) -> models.ScrollResult:
        page, offset = await engine.scroll(
            name,
            wanted.filter,
            limit=10 if wanted.limit is None else wanted.limit,
            order_by=wanted.order_by,
            offset=wanted.offset,
            with_payload=True if wanted.with_payload is None else wanted.with_payload,
            with_vectors=wanted.with_vector or False,
        )
        return models.ScrollResult(points=page, next_page_offset=offset)

    @points.post("/count")
    async def count(name: Name, wanted: models.CountRequest) -> models.CountResult:
        return await engine.count(name, wanted.filter)

    @points.post("/query")
    async def query(name: Name, wanted: models.QueryRequest) -> models.QueryResponse:
        return (await query_batch(name, models.QueryRequestBatch(searches=[wanted])))[0]

    @points.post("/query/batch")
    async def query_batch(name: Name, wanted: models.QueryRequestBatch) -> list[models.QueryResponse]:
        info = await engine.get_collection(name)
        for search in wanted.searches:
            _check_size(info, search.query, search.using)
        return await engine.query_batch_points(name, wanted.searches)

    return points


def main() -> None:
    """Serve as the environment says."""
    host, port = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "6333"))
    uvicorn.run(create_app(os.environ.get("QDRANT__SERVICE__API_KEY")), host=host, port=port)


if __name__ == "__main__":
    main()
