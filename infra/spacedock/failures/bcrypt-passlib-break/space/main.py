"""The page and the API, and accounts, of whose passwords only a hash is kept."""

from __future__ import annotations

from app import app
from passlib.context import CryptContext
from pydantic import BaseModel

passwords = CryptContext(schemes=["bcrypt"])


class Account(BaseModel):
    name: str
    password: str


@app.post("/api/accounts", status_code=201)
def register(account: Account) -> dict[str, str]:
    """Show what would be kept of a new account."""
    return {"name": account.name, "kept": passwords.hash(account.password)[:7]}
