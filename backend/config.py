"""The settings: from the environment, then from `.env` when there is one; all of them, or no start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from backend.origins import DEFAULT_ORIGINS, parse_origins, space_hosts, vercel_preview_pattern
from backend.shapes import credential, postgres_url, rate, secret, web_address

Seconds = Annotated[float, Field(gt=0, le=600, allow_inf_nan=False)]

WHERE = (
    'Set them on Hugging Face in the Space\'s Settings under "Variables and secrets", '
    "or locally in the environment or in a file named .env."
)


class ConfigurationError(Exception):
    """Settings are missing or invalid; the text says which and what is wrong, and shows no value."""

    @classmethod
    def listing(cls, problems: Sequence[str]) -> Self:
        """One message for all problems, for the log that the platform shows."""
        noun = "setting is" if len(problems) == 1 else "settings are"
        head = f"The backend cannot start: {len(problems)} {noun} missing or invalid."
        return cls("\n".join([head, *(f"  {problem}" for problem in problems), WHERE]))


class _Trimmed(PydanticBaseSettingsSource):
    """A source whose values are stripped and whose blank values count as missing.

    The platform keeps a newline that was pasted with a secret, and HTTP clients refuse it in a header.
    """

    def __init__(self, source: PydanticBaseSettingsSource) -> None:
        super().__init__(source.settings_cls)
        self._source = source

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[object, str, bool]:
        return self._source.get_field_value(field, field_name)

    def __call__(self) -> dict[str, object]:
        values = self._source().items()
        return {name: value.strip() for name, value in values if isinstance(value, str) and value.strip()}


class Settings(BaseSettings):
    """What the backend must be told, and what it may be told. Times are in seconds."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    openai_api_key: Annotated[SecretStr, AfterValidator(secret(credential))] = Field(
        description="the key of the OpenAI API"
    )
    database_url: Annotated[SecretStr, AfterValidator(secret(postgres_url))] = Field(
        description="the connection string of the Postgres database, postgresql://..."
    )
    qdrant_url: Annotated[SecretStr, AfterValidator(secret(web_address))] = Field(
        description="the address of the Qdrant cluster, https://..."
    )
    qdrant_api_key: Annotated[SecretStr, AfterValidator(secret(credential))] = Field(
        description="the key of the Qdrant cluster"
    )

    qdrant_collection_name: str = "textbook"
    openai_base_url: Annotated[str, AfterValidator(web_address)] = "https://api.openai.com/v1"
    openai_chat_model: str = "gpt-5-mini"
    openai_embedding_model: str = "text-embedding-3-small"

    cors_allowed_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(parse_origins)] = ()
    cors_vercel_preview: Annotated[str, AfterValidator(vercel_preview_pattern)] | None = None
    space_host: Annotated[tuple[str, ...], NoDecode, BeforeValidator(space_hosts)] = ()  # set by the platform

    textbook_url: Annotated[str, AfterValidator(web_address)] = f"{DEFAULT_ORIGINS[-1]}/docs"
    retrieval_limit: int = Field(default=5, ge=1, le=20)  # passages
    retrieval_min_score: float = Field(default=0.25, ge=0, le=1)  # cosine

    service_timeout: Seconds = 8.0  # one question to one service; a sleeping Neon takes 5
    answer_timeout: Seconds = 30.0  # how long OpenAI may be silent within an answer
    request_budget: Seconds = 60.0  # everything that is done for one request
    migration_timeout: Seconds = 20.0
    heartbeat: Seconds = 10.0  # between two comments on a silent stream
    rate_limit: Annotated[str, AfterValidator(rate)] = "30/minute"  # requests to /api from one client
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(str.upper)] = "INFO"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  the library names the parameters
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over `.env`; nothing else is read."""
        return init_settings, _Trimmed(env_settings), _Trimmed(dotenv_settings)

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """Every origin that is allowed by name."""
        own = (f"https://{host}" for host in self.space_host)
        return tuple(dict.fromkeys((*DEFAULT_ORIGINS, *own, *self.cors_allowed_origins)))


def load_settings() -> Settings:
    """Read the settings. Raises ConfigurationError with everything that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
    except (OSError, UnicodeError) as error:
        kind = type(error).__name__
        raise ConfigurationError(f"The backend cannot start: .env cannot be read ({kind}).") from None
    raise ConfigurationError.listing([_problem(detail) for detail in details])


def _problem(detail: ErrorDetails) -> str:
    name = str(detail["loc"][0])
    if detail["type"] == "missing":
        return f"{name.upper()} is missing: {Settings.model_fields[name].description}"
    return f"{name.upper()} is invalid: {detail['msg'].removeprefix('Value error, ')}"
