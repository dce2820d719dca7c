"""Specimens whose image holds what it must not."""

from __future__ import annotations

from tests.integration.specimens.base import Change, Specimen

# In two parts, so that no scanner of repositories takes it for one: nobody's key, in the shape of OpenAI's.
_KEY = "sk-admin-" + "Q7xkPz2mVb9TfLr4WnYc8DsHj3GuEa6oKi1R"

SPECIMENS = (
    Specimen(
        "a mounted secret written to a file",
        breaks="keeps-secrets-out-of-the-image",
        says="a secret that the build was given is in /home/user/.netrc, put there by `RUN",
        changes=(
            Change(
                "Dockerfile",
                "USER 1000\n",
                "RUN --mount=type=secret,id=QDRANT_API_KEY,required=true \\\n"
                '    echo "machine qdrant password $(cat /run/secrets/QDRANT_API_KEY)" > /home/user/.netrc\n'
                "USER 1000\n",
            ),
        ),
        image_only=True,
    ),
    Specimen(
        "a key in ENV",
        breaks="keeps-secrets-out-of-the-image",
        says="ENV OPENAI_ADMIN_KEY holds an OpenAI key",
        changes=(Change("Dockerfile", "USER 1000\n", f"USER 1000\nENV OPENAI_ADMIN_KEY={_KEY}xM5qBt\n"),),
        image_only=True,
    ),
    Specimen(
        "a secret as an ARG with a default",
        breaks="keeps-secrets-out-of-the-image",
        says="the image's history shows a value for OPENAI_API_KEY: `ARG OPENAI_API_KEY=***`",
        changes=(Change("Dockerfile", "USER 1000\n", f"USER 1000\nARG OPENAI_API_KEY={_KEY}\n"),),
        image_only=True,
    ),
)
