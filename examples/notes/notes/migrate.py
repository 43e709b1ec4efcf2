"""Bringing the SQLite file up to date at start-up."""

import sqlite3
from contextlib import closing
from pathlib import Path

from notes.config import Settings

PROJECT = Path(__file__).resolve().parent.parent


def upgrade_sqlite(settings: Settings) -> None:
    """Upgrade to the newest revision. Blocking: run it in a thread."""
    if _revision(settings.sqlite_path) == newest_revision():
        # The usual case. Importing Alembic would slow every start.
        return

    from alembic import command
    from alembic.config import Config

    config = Config(PROJECT / "alembic.ini", attributes={"settings": settings})
    command.upgrade(config, "head")


def newest_revision() -> str:
    """Revisions are numbered, and each file's name starts with its number."""
    files = (PROJECT / "migrations" / "versions").glob("[0-9]*_*.py")
    return max(file.name.partition("_")[0] for file in files)


def _revision(database: Path) -> str | None:
    if not database.exists():
        return None
    with closing(sqlite3.connect(database)) as connection:
        try:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.OperationalError:
            return None
    return row[0] if row else None
