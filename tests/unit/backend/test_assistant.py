"""From a question to an answer: who is asked, with what, and what happens when somebody is away."""

from __future__ import annotations

import asyncio
import gc
from uuid import UUID, uuid4

import pytest

from backend.chat import memory
from backend.chat.assistant import Assistant, Event
from backend.chat.errors import UnknownConversationError, UnknownTokenError
from backend.chat.models import Answer, Found, Notice, Question, Token
from backend.config import Settings
from backend.services.base import AwayError
from backend.services.budget import Budget, StoppingError
from backend.services.roster import Roster
from tests.unit.backend.conftest import Configure, Services
from tests.unit.backend.fakes import TOKEN, VECTOR, Book, Model, Shelf, message

pytestmark = pytest.mark.anyio

LONG = 60.0  # seconds that no test waits for
AWAY = AwayError("it refuses connections", passing=False)


class Desk:
    """An assistant with everything that it asks."""

    def __init__(self, settings: Settings) -> None:
        self.model, self.book, self.shelf = Model(), Book(), Shelf()
        self.roster: Roster = Services(self.shelf, self.book, self.model).roster()
        self.assistant = Assistant(self.roster, settings)
        self.budget = Budget(LONG)

    async def ask(
        self,
        question: str = "Where is it?",
        *,
        marked: str | None = None,
        conversation: UUID | None = None,
        token: str | None = TOKEN,
    ) -> list[Event]:
        asked = Question(question=question, selected_text=marked, conversation_id=conversation)
        reply = await self.assistant.begin(asked, token, self.budget)
        return [event async for event in self.assistant.events(reply)]

    async def answer(self, question: str = "Where is it?", **more: object) -> Answer:
        *_, last = await self.ask(question, **more)  # type: ignore[arg-type]
        assert isinstance(last, Answer)
        return last

    @property
    def conversations(self) -> dict[UUID, list[str]]:
        kept = self.shelf.notebook.readers[TOKEN]
        return {id_: [entry.content for entry in said] for id_, said in kept.items()}


@pytest.fixture
async def desk(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(memory, "Memory", lambda notebook: notebook)
    return Desk(configure(RETRIEVAL_LIMIT="3", RETRIEVAL_MIN_SCORE="0.5"))


async def test_the_book_is_searched_with_the_questions_vector_within_the_settings(desk: Desk) -> None:
    await desk.ask()
    assert desk.model.embedded == [["Where is it?"]]
    assert desk.book.searched == [{"vector": VECTOR, "limit": 3, "min_score": 0.5}]


async def test_what_the_reader_marked_is_searched_for_too(desk: Desk) -> None:
    await desk.ask(marked="The ground.")
    assert desk.model.embedded == [["Where is it?\nThe ground."]]


async def test_the_model_gets_the_passages_and_what_was_said_before(desk: Desk) -> None:
    conversation = uuid4()
    said = [message("user", "What is it?"), message("assistant", "A point.")]
    desk.shelf.notebook.readers[TOKEN][conversation] = said
    await desk.ask(conversation=conversation)
    (told,) = desk.model.told
    assert [entry["content"] for entry in told[1:3]] == ["What is it?", "A point."]
    assert "[1] Balance, The zero moment point\nIt is on the ground." in told[3]["content"]
    assert told[3]["content"].endswith("Where is it?")


async def test_events_come_in_their_order(desk: Desk) -> None:
    desk.shelf.away = AWAY
    found = await desk.ask()
    assert list(dict.fromkeys(type(event) for event in found)) == [Found, Notice, Token, Answer]
    assert [type(event) for event in found].count(Answer) == 1


async def test_an_answer_has_the_citations_that_it_names_the_first_event_all(desk: Desk) -> None:
    first, *_, last = await desk.ask()
    assert isinstance(first, Found)
    assert isinstance(last, Answer)
    assert [citation.number for citation in first.citations] == [1, 2]
    assert [citation.number for citation in last.citations] == [1]
    assert desk.shelf.notebook.citations == last.citations


async def test_what_was_said_is_kept_once_it_is_complete(desk: Desk) -> None:
    answer = await desk.answer()
    assert answer.conversation_id is not None
    assert desk.conversations == {answer.conversation_id: ["Where is it?", "It is on the ground [1]."]}


async def test_what_the_book_has_nothing_on_is_kept_too(desk: Desk) -> None:
    desk.book.passages = []
    answer = await desk.answer()
    assert not answer.grounded
    assert list(desk.conversations.values()) == [["Where is it?", answer.answer]]


async def test_a_marked_passage_is_enough_to_answer_from(desk: Desk) -> None:
    desk.book.passages = []
    answer = await desk.answer(marked="The ground.")
    assert answer.grounded
    assert len(desk.model.told) == 1


async def test_an_answer_that_breaks_off_is_not_kept(desk: Desk) -> None:
    desk.model.parts = ["It is ", AWAY]
    with pytest.raises(AwayError):
        await desk.ask()
    assert desk.conversations == {}


async def test_an_answer_is_not_begun_again_in_the_middle(desk: Desk) -> None:
    desk.model.parts = ["It is ", AwayError("its answer broke off", passing=True), "lost"]
    with pytest.raises(AwayError, match="its answer broke off"):
        await desk.ask()
    assert len(desk.model.told) == 1


async def test_an_answer_that_ends_at_its_limit_says_so(desk: Desk) -> None:
    desk.model.finish_reason = "length"
    *_, notice, answer = await desk.ask()
    assert isinstance(notice, Notice)
    assert isinstance(answer, Answer)
    assert (notice.service, notice.detail) == ("openai", "The answer ends at its length limit.")
    assert answer.notices == [notice]


async def test_an_exchange_that_cannot_be_kept_is_a_notice_and_tried_once(desk: Desk) -> None:
    desk.shelf.failures = [None, AwayError("it closed the connection", passing=True)]
    *_, notice, answer = await desk.ask()
    assert isinstance(notice, Notice)
    assert isinstance(answer, Answer)
    assert notice.detail == "This exchange is not kept: postgres is away (it closed the connection)."
    assert (answer.conversation_id, answer.notices) == (None, [notice])
    assert desk.shelf.transactions == 2


async def test_what_could_not_be_recalled_is_not_kept_either(desk: Desk) -> None:
    desk.shelf.failures = [AWAY]
    answer = await desk.answer()
    assert (len(answer.notices), desk.shelf.transactions, desk.conversations) == (1, 1, {})


async def test_a_reader_who_left_in_the_middle_still_gets_the_answer(desk: Desk) -> None:
    desk.shelf.failures = [None, UnknownTokenError()]
    answer = await desk.answer()
    assert (answer.answer, answer.conversation_id) == ("It is on the ground [1].", None)


async def test_the_memory_and_the_book_are_asked_side_by_side(desk: Desk) -> None:
    desk.shelf.silent = True
    asking = asyncio.create_task(desk.ask())
    async with asyncio.timeout(5):
        while not desk.book.searched:
            await asyncio.sleep(0)
    desk.shelf.answering.set()
    assert isinstance((await asking)[-1], Answer)


@pytest.mark.parametrize(
    ("token", "conversation", "error"),
    [("unknown", None, UnknownTokenError), (TOKEN, uuid4(), UnknownConversationError)],
)
async def test_a_stranger_is_not_answered(
    desk: Desk, token: str, conversation: UUID | None, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await desk.ask(token=token, conversation=conversation)
    assert desk.model.told == []


@pytest.mark.parametrize("silent", ["openai", "qdrant", "postgres"])
async def test_a_stop_ends_the_wait_for_any_service(desk: Desk, silent: str) -> None:
    service = {"openai": desk.model, "qdrant": desk.book, "postgres": desk.shelf}[silent]
    service.silent = True
    asking = asyncio.create_task(desk.ask())
    async with asyncio.timeout(5):
        while not (desk.model.embedded and desk.shelf.transactions):
            await asyncio.sleep(0)
        desk.budget.cut(0)
        with pytest.raises(StoppingError):
            await asking


async def test_no_failure_is_left_lying_about(desk: Desk) -> None:
    """Of a task whose error nobody reads Python writes the text into the log."""
    left: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: left.append(context))
    desk.book.away = AWAY
    for _ in range(2):
        asking = asyncio.create_task(desk.ask(token="unknown"))
        await asyncio.wait((asking,))
        assert type(asking.exception()) is AwayError
    AWAY.__traceback__ = None
    del asking
    gc.collect()
    assert left == []
