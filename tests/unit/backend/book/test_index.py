"""What is embedded and written, against Qdrant's own engine."""

from __future__ import annotations

import asyncio

import pytest
from qdrant_client import AsyncQdrantClient, models

from backend.book import index
from backend.book.chapters import Chunk, read_book
from backend.book.errors import BookError, CollectionError
from backend.book.index import Index, Summary, batches
from tests.unit.backend.book.conftest import Book, CountingStore, FakeModel

pytestmark = pytest.mark.anyio


class Ingestion:
    """Updates of one collection."""

    def __init__(self, book: Book, store: CountingStore, model: FakeModel) -> None:
        self.book, self.store, self.model = book, store, model
        self.told: list[tuple[int, int]] = []

    async def __call__(self, model: str = "small") -> Summary:
        """Update and return what happened; what was asked and written before is forgotten."""
        self.model.requests.clear()
        self.store.writes.clear()
        self.told.clear()
        chunks = read_book(self.book.folder)
        return await Index(self.store, self.model, model=model).update(
            chunks, lambda *told: self.told.append(told)
        )


@pytest.fixture
def ingest(book: Book, store: CountingStore, model: FakeModel) -> Ingestion:
    book.write("01-a.md", "# A\n\nalpha\n\n## B\n\nbeta\n")
    book.write("02-c.md", "# C\n\ngamma\n")
    return Ingestion(book, store, model)


@pytest.fixture
def many(ingest: Ingestion, monkeypatch: pytest.MonkeyPatch) -> Ingestion:
    """Five chunks in three batches."""
    monkeypatch.setattr(index, "BATCH", 2)
    ingest.book.write("03-d.md", "# D\n\ndelta\n\n## E\n\nepsilon\n")
    return ingest


class TestTheFirstUpdate:
    async def test_everything_is_added(self, ingest: Ingestion, client: AsyncQdrantClient) -> None:
        assert await ingest() == Summary(added=3, changed=0, removed=0, unchanged=0)
        assert ingest.store.writes == ["create", "upsert"]
        vectors = (await client.get_collection("textbook")).config.params.vectors
        assert vectors == models.VectorParams(size=4, distance=models.Distance.COSINE)

    async def test_a_point_carries_what_the_chat_reads(self, ingest: Ingestion) -> None:
        await ingest()
        (beta,) = (p for p in await ingest.store.payloads() if p["text"] == "beta")
        digest = beta.pop("digest")
        assert isinstance(digest, str)
        assert len(digest) == 64
        assert beta == {
            "chapter": "A",
            "number": 1,
            "heading": "B",
            "anchor": "b",
            "path": "01-a",
            "text": "beta",
        }

    async def test_a_passage_is_found_by_its_vector(
        self, ingest: Ingestion, client: AsyncQdrantClient
    ) -> None:
        await ingest()
        (vector,) = await ingest.model.embed(["A - B\nbeta"])
        (found,) = (await client.query_points("textbook", vector, limit=1)).points
        assert found.payload is not None
        assert found.payload["text"] == "beta"
        assert found.score == pytest.approx(1)

    async def test_an_empty_collection_of_the_right_kind_is_filled(
        self, ingest: Ingestion, store: CountingStore
    ) -> None:
        await store.create(4)
        assert (await ingest()).added == 3
        assert ingest.store.writes == ["upsert"]


class TestTheSecondUpdate:
    async def test_nothing_changed_means_nothing_written_and_nothing_embedded(
        self, ingest: Ingestion
    ) -> None:
        await ingest()
        assert await ingest() == Summary(added=0, changed=0, removed=0, unchanged=3)
        assert ingest.store.writes == []
        assert ingest.model.requests == []
        assert ingest.told == []

    async def test_changed_text_alone_is_embedded(self, ingest: Ingestion) -> None:
        await ingest()
        ingest.book.write("01-a.md", "# A\n\nalpha\n\n## B\n\nbetter\n")
        assert await ingest() == Summary(added=0, changed=1, removed=0, unchanged=2)
        assert ingest.model.texts == ["A - B\nbetter"]
        assert await ingest.store.texts() == {"alpha", "better", "gamma"}

    async def test_a_title_is_part_of_each_of_its_chunks(self, ingest: Ingestion) -> None:
        await ingest()
        ingest.book.write("01-a.md", "# The A {#a}\n\nalpha\n\n## B\n\nbeta\n")
        assert (await ingest()).changed == 2

    async def test_removed_text_is_removed(self, ingest: Ingestion) -> None:
        await ingest()
        ingest.book.write("01-a.md", "# A\n\nalpha\n")
        assert await ingest() == Summary(added=0, changed=0, removed=1, unchanged=2)
        assert ingest.store.writes == ["delete"]
        assert ingest.model.requests == []
        assert await ingest.store.texts() == {"alpha", "gamma"}

    async def test_a_removed_chapter_is_removed(self, ingest: Ingestion) -> None:
        await ingest()
        (ingest.book.folder / "01-a.md").unlink()
        assert (await ingest()).removed == 2
        assert await ingest.store.texts() == {"gamma"}

    async def test_removing_comes_last(self, ingest: Ingestion) -> None:
        await ingest()
        ingest.book.write("01-a.md", "# A\n\nother\n")
        await ingest()
        assert ingest.store.writes == ["upsert", "delete"]

    async def test_the_points_of_others_are_left_alone(
        self, ingest: Ingestion, client: AsyncQdrantClient
    ) -> None:
        await ingest()
        foreign = models.PointStruct(id=7, vector=[1, 0, 0, 0], payload={"text": "foreign"})
        await client.upsert("textbook", [foreign])
        assert (await ingest()).removed == 0
        assert "foreign" in await ingest.store.texts()

    async def test_another_way_to_embed_the_same_text_embeds_it_anew(
        self, ingest: Ingestion, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await ingest()
        monkeypatch.setattr(Chunk, "embedded", property(lambda chunk: chunk.text))
        assert (await ingest()).changed == 3

    async def test_a_point_that_lost_its_digest_is_written_again(
        self, ingest: Ingestion, client: AsyncQdrantClient
    ) -> None:
        await ingest()
        (beta,) = (c for c in read_book(ingest.book.folder) if c.text == "beta")
        await client.delete_payload("textbook", ["digest"], [beta.id])
        await ingest()
        assert ingest.model.texts == ["A - B\nbeta"]


class TestAnInterruptedUpdate:
    async def test_it_keeps_the_batches_that_were_written(self, many: Ingestion) -> None:
        many.store.before_write = lambda written: interrupt(written == 1)
        with pytest.raises(asyncio.CancelledError):
            await many()
        assert await many.store.texts() == {"alpha", "beta"}
        assert many.told == [(2, 5)]

    @pytest.mark.parametrize("place", ["model", "store"])
    async def test_the_next_one_embeds_the_rest_alone(self, many: Ingestion, place: str) -> None:
        if place == "model":
            many.model.before = lambda asked: interrupt(asked == 1)
        else:
            many.store.before_write = lambda written: interrupt(written == 1)
        with pytest.raises(asyncio.CancelledError):
            await many()
        many.model.before = many.store.before_write = lambda _: None
        assert await many() == Summary(added=3, changed=0, removed=0, unchanged=2)
        assert many.model.texts == ["C\ngamma", "D\ndelta", "D - E\nepsilon"]
        assert (await many()).unchanged == 5

    async def test_it_removes_nothing(self, many: Ingestion) -> None:
        await many()
        (many.book.folder / "01-a.md").unlink()
        many.book.write("02-c.md", "# C\n\nchanged\n")
        many.model.before = interrupt
        with pytest.raises(asyncio.CancelledError):
            await many()
        assert {"alpha", "beta"} <= await many.store.texts()


class TestAnotherModel:
    async def test_one_of_the_same_dimension_embeds_everything_anew(self, ingest: Ingestion) -> None:
        await ingest("old")
        assert await ingest("new") == Summary(added=0, changed=3, removed=0, unchanged=0)
        assert (await ingest("new")).unchanged == 3

    async def test_one_of_another_dimension_is_refused_with_the_remedies(self, ingest: Ingestion) -> None:
        await ingest("small")
        ingest.model.dimension = 6
        with pytest.raises(CollectionError) as refusal:
            await ingest("large")
        assert str(refusal.value) == (
            "The collection textbook holds vectors of dimension 4, the model large makes vectors of "
            "dimension 6. Delete the collection, or set QDRANT_COLLECTION_NAME to the name of a new one, "
            "or set OPENAI_EMBEDDING_MODEL back."
        )
        assert ingest.store.writes == []
        ingest.model.dimension = 4
        assert (await ingest("small")).unchanged == 3

    async def test_the_same_text_in_another_dimension_has_another_digest(
        self, ingest: Ingestion, client: AsyncQdrantClient
    ) -> None:
        await ingest()
        ingest.model.dimension = 6
        other = CountingStore(client, "other")
        await Index(other, ingest.model, model="small").update(read_book(ingest.book.folder), lambda *_: None)
        small, large = await ingest.store.digests(), await other.digests()
        assert small.keys() == large.keys()
        assert set(small.values()) & set(large.values()) == set()

    async def test_nothing_is_removed_when_it_is_refused(self, ingest: Ingestion) -> None:
        await ingest("small")
        (ingest.book.folder / "01-a.md").unlink()
        ingest.model.dimension = 6
        with pytest.raises(CollectionError):
            await ingest("large")
        assert await ingest.store.texts() == {"alpha", "beta", "gamma"}

    async def test_a_collection_that_somebody_else_made_meanwhile_is_used(
        self, ingest: Ingestion, client: AsyncQdrantClient
    ) -> None:
        ingest.model.before = lambda _: make(client, 4)
        assert (await ingest()).added == 3

    async def test_a_collection_that_somebody_else_made_of_another_dimension_is_refused(
        self, ingest: Ingestion, client: AsyncQdrantClient
    ) -> None:
        ingest.model.before = lambda _: make(client, 6)
        with pytest.raises(CollectionError, match="holds vectors of dimension 6"):
            await ingest()


class TestBatches:
    def test_they_have_so_many_chunks_at_most(self) -> None:
        assert [len(batch) for batch in batches([chunk("x")] * 130)] == [64, 64, 2]

    def test_they_have_so_many_characters_at_most(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(index, "BATCH_CHARACTERS", 100)
        long, longer = chunk("x" * 45), chunk("x" * 300)
        assert [len(batch) for batch in batches([long, long, longer, long, long])] == [2, 1, 2]

    def test_there_may_be_none(self) -> None:
        assert list(batches([])) == []

    async def test_progress_is_told_after_each(self, many: Ingestion) -> None:
        await many()
        assert [len(request) for request in many.model.requests] == [2, 2, 1]
        assert many.told == [(2, 5), (4, 5), (5, 5)]


async def test_without_any_chunk_nothing_is_removed(ingest: Ingestion) -> None:
    await ingest()
    with pytest.raises(BookError, match="nothing was removed"):
        await Index(ingest.store, ingest.model, model="small").update([], lambda *_: None)
    assert await ingest.store.texts() == {"alpha", "beta", "gamma"}


def test_a_summary_tells_all_numbers() -> None:
    assert str(Summary(1, 2, 3, 4)) == "7 chunks: 1 added, 2 changed, 3 removed, 4 unchanged"


def chunk(text: str) -> Chunk:
    return Chunk("A", 1, "A", "a", "01-a", 0, text)


def interrupt(now: object = True) -> None:
    """Do what a cancelled task meets."""
    if now is not False:
        raise asyncio.CancelledError


def make(client: AsyncQdrantClient, dimension: int) -> None:
    """Create the collection, as somebody else would, in the middle of an update."""
    params = models.VectorParams(size=dimension, distance=models.Distance.COSINE)
    creation = client.create_collection("textbook", vectors_config=params)
    with pytest.raises(StopIteration):  # in memory nothing is waited for
        creation.send(None)
