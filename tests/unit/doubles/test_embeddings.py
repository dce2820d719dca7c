"""What the textbook's reader finds where the OpenAI double makes the embeddings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape

import pytest

from backend.api.page import STATIC
from backend.book.chapters import Chunk, read_book
from backend.config import Settings
from backend.ingest import TEXTBOOK
from spacedock.doubles.openai import embed
from tests.questions import EXAMPLES, QUESTIONS, TOPICS, UNANSWERABLE, Question

SIZE = 1536
FOREIGN = (
    *UNANSWERABLE,
    "What is the capital of France?",
    "How do I make a good cup of tea?",
    "Write me a poem about the sea.",
    "What will the weather be tomorrow?",
    "And then?",
)
LIMIT: int = Settings.model_fields["retrieval_limit"].default
MIN_SCORE: float = Settings.model_fields["retrieval_min_score"].default


@pytest.fixture(scope="module")
def book() -> list[tuple[Chunk, Sequence[float]]]:
    """The book with its vectors."""
    return [(chunk, embed(chunk.embedded, SIZE)) for chunk in read_book(TEXTBOOK)]


def nearness(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the cosine of two unit vectors."""
    return sum(a * b for a, b in zip(one, other, strict=True))


def found(book: list[tuple[Chunk, Sequence[float]]], question: str) -> list[Chunk]:
    """What the backend finds, nearest first."""
    aim = embed(question, SIZE)
    scored = sorted(((nearness(aim, vector), chunk) for chunk, vector in book), key=lambda pair: -pair[0])
    return [chunk for score, chunk in scored[:LIMIT] if score >= MIN_SCORE]


def test_the_examples_are_those_of_the_page() -> None:
    shown = re.findall(r'class="example">([^<]+)<', (STATIC / "index.html").read_text())
    assert [unescape(text) for text in shown] == [question.text for question in EXAMPLES]


@pytest.mark.parametrize("question", [*EXAMPLES, *TOPICS, *QUESTIONS], ids=lambda question: question.text)
def test_a_question_finds_its_chapter(book: list[tuple[Chunk, Sequence[float]]], question: Question) -> None:
    chunks = found(book, question.text)
    assert chunks
    assert chunks[0].path == question.chapter
    assert question.heading in {chunk.heading for chunk in chunks}


@pytest.mark.parametrize("question", FOREIGN)
def test_what_the_book_does_not_know_finds_nothing(
    book: list[tuple[Chunk, Sequence[float]]], question: str
) -> None:
    assert found(book, question) == []


def test_forms_of_a_word_are_its_kin() -> None:
    walks, walking = (embed(text, SIZE) for text in ("It walks.", "walking"))
    assert nearness(walks, walking) > 0.7


def test_a_text_of_small_words_alone_has_a_direction_of_its_own() -> None:
    assert nearness(embed("And then?", SIZE), embed("But why?", SIZE)) < 0.1
