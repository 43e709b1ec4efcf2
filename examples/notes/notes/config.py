"""Settings from the environment, and the limits on what clients may send."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from sqlalchemy import URL, make_url

MAX_TITLE_LENGTH = 200
MAX_BODY_LENGTH = 20_000
MAX_QUERY_LENGTH = 200
MAX_PAGE_SIZE = 100
MAX_ID = 2**63 - 1

# A title and a body at their limits fit even with every character escaped.
MAX_REQUEST_BYTES = 256 * 1024
MAX_ATTACHMENT_BYTES = 10 * 1024 * 1024
# Room for the multipart boundary and headers around the largest attachment.
MAX_UPLOAD_BYTES = MAX_ATTACHMENT_BYTES + 64 * 1024


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the data lives. A PostgreSQL URL selects the PostgreSQL shape."""

    data_dir: Path
    postgres_url: URL | None = None

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Self:
        data_dir = Path(env.get("DATA_DIR") or "data").absolute()
        database_url = env.get("DATABASE_URL")
        return cls(data_dir, parse_postgres_url(database_url) if database_url else None)

    @property
    def sqlite_path(self) -> Path:
        return self.data_dir / "notes.db"

    @property
    def database_url(self) -> URL:
        """The URL SQLAlchemy opens."""
        if self.postgres_url is not None:
            return self.postgres_url
        return URL.create("sqlite+aiosqlite", database=str(self.sqlite_path))


def parse_postgres_url(text: str) -> URL:
    """Accept the usual spellings of a PostgreSQL URL, for the asyncpg driver."""
    url = make_url(text)
    if url.drivername not in {"postgres", "postgresql", "postgresql+asyncpg"}:
        raise ValueError(f"DATABASE_URL must be a PostgreSQL URL, not {url.drivername}://")
    url = url.set(drivername="postgresql+asyncpg")
    if "sslmode" in url.query:
        # libpq's name for the setting; SQLAlchemy hands asyncpg its own: "ssl".
        url = url.update_query_dict({"ssl": url.query["sslmode"]})
        url = url.difference_update_query(["sslmode"])
    return url


def listen_dsn(url: URL) -> str:
    """The same URL as plain asyncpg, which follows libpq, wants it."""
    url = url.set(drivername="postgresql")
    if "ssl" in url.query:
        url = url.update_query_dict({"sslmode": url.query["ssl"]})
        url = url.difference_update_query(["ssl"])
    return url.render_as_string(hide_password=False)
