"""What readers send and get."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    StringConstraints,
    model_validator,
)

MAX_QUESTION = 2000  # characters
MAX_SELECTION = 4000  # characters
MAX_FIELDS = 16  # beyond it the fields of a body are not told one by one

# Postgres keeps no NUL, and nobody types one.
_Text = StringConstraints(strip_whitespace=True, min_length=1, pattern=r"^[^\x00]*$")


class Question(BaseModel):
    """A reader's question."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"question": "What is the zero moment point?", "selected_text": None}]
        },
    )

    question: Annotated[str, _Text, Field(max_length=MAX_QUESTION)]
    selected_text: Annotated[str, _Text, Field(max_length=MAX_SELECTION)] | None = Field(
        default=None, description="a passage that the reader marked and asks about"
    )
    conversation_id: UUID | None = Field(
        default=None, description="goes on with this conversation; without it a new one is begun"
    )

    @model_validator(mode="wrap")
    @classmethod
    def _of_few_fields(cls, sent: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Find out that there are too many before anything is said of each."""
        if isinstance(sent, dict) and len(sent) > MAX_FIELDS:
            raise ValueError(f"has more than {MAX_FIELDS} fields")
        return handler(sent)


class Citation(BaseModel):
    """A passage of the book; the answer refers to it by its number in brackets."""

    number: int = Field(ge=1, examples=[1])
    chapter: str = Field(examples=["Dynamics and Balance"])
    heading: str = Field(examples=["The zero moment point"])
    url: str = Field(examples=["https://textbook.example/docs/05-dynamics-and-balance#the-zero-moment-point"])
    quote: str = Field(examples=["The zero moment point is the point on the ground where ..."])


class Found(BaseModel):
    """What the answer will stand on."""

    event: ClassVar = "citations"

    citations: list[Citation]


class Token(BaseModel):
    """The next part of the answer."""

    event: ClassVar = "token"

    text: str


class Notice(BaseModel):
    """What an answer had to do without."""

    event: ClassVar = "notice"

    service: Literal["postgres", "qdrant", "openai"]
    detail: str = Field(
        examples=["This conversation is not kept: postgres is away (it refuses connections)."]
    )


class Answer(BaseModel):
    """An answer with what it stands on."""

    event: ClassVar = "done"

    answer: str = Field(description="Markdown", examples=["It is where the ground's force acts [1]."])
    answer_html: str = Field(description="the same as HTML that is safe to show")
    grounded: bool = Field(description="false when the book has nothing about the question")
    citations: list[Citation]
    conversation_id: UUID | None
    notices: list[Notice]


class Session(BaseModel):
    """An identity without a name. The token is shown once and kept only as a hash."""

    token: str = Field(examples=["wJ8K5h3pVv0n1rT6..."])
    token_type: Literal["bearer"] = "bearer"  # noqa: S105  the kind, not the token


class Conversation(BaseModel):
    """A conversation without what was said."""

    id: UUID
    title: str = Field(examples=["What is the zero moment point?"])
    created_at: datetime
    updated_at: datetime


class Page(BaseModel):
    """Conversations, the last one first; `next` is the `before` of the next page."""

    conversations: list[Conversation]
    next: str | None = None


class Utterance(BaseModel):
    """What was said, as the model is told of it."""

    role: Literal["user", "assistant"]
    content: str


class Message(Utterance):
    """What a reader asked or was answered."""

    content_html: str = Field(
        description="an answer as HTML that is safe to show; empty with a question, which is shown as text"
    )
    citations: list[Citation]
    created_at: datetime


@dataclass(frozen=True)
class Exchange:
    """A question with its answer, as they are kept."""

    question: str
    answer: str
    answer_html: str
    citations: Sequence[Citation]


class Paging(BaseModel):
    """Which page of a list is wanted."""

    limit: int = Field(default=20, ge=1, le=100)
    before: str | None = Field(default=None, max_length=200, description="`next` of the page before")


class Transcript(Conversation):
    """A conversation with what was said last, the first message first.

    `next` is the `before` of the page with what was said before that.
    """

    messages: list[Message]
    next: str | None = None
