"""Reading the environment."""

from pathlib import Path

import pytest

from notes.config import Settings, listen_dsn, parse_postgres_url


def test_sqlite_by_default(tmp_path: Path) -> None:
    settings = Settings.from_env({"DATA_DIR": str(tmp_path)})
    assert settings.postgres_url is None
    assert settings.database_url.database == str(tmp_path / "notes.db")
    assert Settings.from_env({}).data_dir == Path.cwd() / "data"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg"])
def test_postgres_spellings(tmp_path: Path, scheme: str) -> None:
    url = f"{scheme}://me:s%40crt@db.internal:5433/notes?sslmode=disable"
    settings = Settings.from_env({"DATA_DIR": str(tmp_path), "DATABASE_URL": url})
    assert settings.data_dir == tmp_path
    assert settings.database_url.render_as_string(hide_password=False) == (
        "postgresql+asyncpg://me:s%40crt@db.internal:5433/notes?ssl=disable"
    )
    assert listen_dsn(settings.database_url) == (
        "postgresql://me:s%40crt@db.internal:5433/notes?sslmode=disable"
    )


def test_refuses_other_databases() -> None:
    with pytest.raises(ValueError, match="mysql"):
        parse_postgres_url("mysql://me@db/notes")
