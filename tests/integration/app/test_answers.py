"""The book is ingested where the Space runs, and questions are answered from it with citations."""

from __future__ import annotations

import pytest

from spacedock.docks.instance import FullInstance
from tests.integration.app.readers import Reader
from tests.questions import EXAMPLES, QUESTIONS, TOPICS, UNANSWERABLE, Question


def test_the_book_is_ingested_once(book: str, instance: FullInstance) -> None:
    assert " added, 0 changed, 0 removed, 0 unchanged" in book
    again = instance.execute("python", "-m", "backend.ingest")
    assert again.exit_code == 0
    assert " 0 added, 0 changed, 0 removed, " in again.output


@pytest.mark.parametrize("question", [*QUESTIONS, *EXAMPLES, *TOPICS], ids=lambda question: question.chapter)
def test_a_question_is_answered_from_its_chapter(reader: Reader, question: Question) -> None:
    answer = reader.ask(question.text).raise_for_status().json()
    assert answer["grounded"]
    first = answer["citations"][0]
    assert f"/{question.chapter}#" in first["url"]
    assert question.heading in {citation["heading"] for citation in answer["citations"]}


def test_an_answer_is_streamed_with_its_citations(reader: Reader) -> None:
    question = QUESTIONS[0]
    with reader.stream(question.text) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["x-accel-buffering"] == "no"
        found, *tokens, done = reader.events(response)
    assert found.name == "citations"
    assert {token.name for token in tokens} == {"token"}
    assert done.name == "done"
    assert "".join(token.data["text"] for token in tokens) == done.data["answer"]
    assert f"/{question.chapter}#" in done.data["citations"][0]["url"]


@pytest.mark.parametrize("question", UNANSWERABLE)
def test_what_the_book_does_not_know_is_not_invented(reader: Reader, question: str) -> None:
    answer = reader.ask(question).raise_for_status().json()
    assert (answer["grounded"], answer["citations"]) == (False, [])
    assert "has nothing about this" in answer["answer"]


def test_a_conversation_goes_on_and_is_its_owners_alone(reader: Reader, instance: FullInstance) -> None:
    reader.introduce()
    first = reader.ask(QUESTIONS[0].text).json()
    second = reader.ask(QUESTIONS[1].text, conversation_id=first["conversation_id"]).json()
    assert first["conversation_id"] == second["conversation_id"]
    place = f"/api/conversations/{first['conversation_id']}"
    said = [message["content"] for message in reader.http.get(place).json()["messages"]]
    assert said == [QUESTIONS[0].text, first["answer"], QUESTIONS[1].text, second["answer"]]
    with Reader(instance) as stranger:
        assert stranger.http.get(place).status_code == 401
        stranger.introduce()
        assert stranger.http.get(place).status_code == 404
        assert stranger.http.delete(place).status_code == 404
        assert stranger.ask("And then?", conversation_id=first["conversation_id"]).status_code == 404
    assert reader.http.delete(place).status_code == 204
    assert reader.http.get("/api/conversations").json()["conversations"] == []
