"""Upgrading the SQLite file at start-up."""

import sqlite3
import sys
from contextlib import closing

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from notes.config import Settings
from notes.migrate import PROJECT, newest_revision, upgrade_sqlite
from notes.models import Base


def test_file_names_agree_with_alembic() -> None:
    scripts = ScriptDirectory.from_config(Config(PROJECT / "alembic.ini"))
    assert scripts.get_current_head() == newest_revision()


def test_upgrade_creates_what_the_models_say(settings: Settings) -> None:
    upgrade_sqlite(settings)
    engine = create_engine(f"sqlite:///{settings.sqlite_path}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()


def test_upgrades_an_empty_file(settings: Settings) -> None:
    settings.data_dir.mkdir()
    settings.sqlite_path.touch()
    upgrade_sqlite(settings)
    with closing(sqlite3.connect(settings.sqlite_path)) as connection:
        assert connection.execute("SELECT count(*) FROM notes").fetchone() == (0,)


def test_does_nothing_when_up_to_date(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    upgrade_sqlite(settings)
    # None makes an import fail.
    monkeypatch.setitem(sys.modules, "alembic.config", None)
    upgrade_sqlite(settings)
