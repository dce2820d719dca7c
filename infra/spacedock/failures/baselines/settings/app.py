"""A page, and an API for it and for front ends at other origins; a class reads the settings."""

from __future__ import annotations

import os
from typing import Annotated

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import HTMLResponse
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Notes</title><link rel="icon" href="data:,"></head>
<body><h1>Notes</h1></body></html>
"""


class Settings(BaseSettings):
    model_config = SettingsConfigDict(hide_input_in_errors=True, str_strip_whitespace=True)

    api_token: SecretStr = Field(min_length=1)
    openai_api_key: SecretStr = Field(min_length=1)
    allowed_origins: Annotated[list[str], NoDecode]

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def split(cls, value: str | list[str]) -> list[str]:
        return [origin.strip() for origin in value.split(",")] if isinstance(value, str) else value


SETTINGS = Settings()

app = FastAPI()
app.add_middleware(
    CORSMiddleware,
    allow_origins=[*SETTINGS.allowed_origins, f"https://{os.environ.get('SPACE_HOST', 'localhost')}"],
    allow_methods=["GET"],
    allow_headers=["authorization"],
)


@app.head("/", include_in_schema=False)
@app.get("/", response_class=HTMLResponse)
async def page() -> str:
    return PAGE


@app.get("/api/notes")
async def notes() -> list[str]:
    return ["The zero moment point lies within the feet."]
