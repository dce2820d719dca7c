"""An answer is rendered once, and a session that nobody uses ends."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the columns. Of what is older, answers are rendered when they are read, and sessions begin anew."""
    op.add_column("messages", sa.Column("content_html", sa.Text))
    used_at = sa.Column("used_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now())
    op.add_column("sessions", used_at)
    op.create_index("sessions_by_use", "sessions", ["used_at"])


def downgrade() -> None:
    """Drop the columns; what was asked and answered stays."""
    op.drop_index("sessions_by_use", "sessions")
    op.drop_column("sessions", "used_at")
    op.drop_column("messages", "content_html")
