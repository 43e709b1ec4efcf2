"""A large project of our own making: what `bench_scan.py` measures on, the same each time.

1,500 Python files and 3,000 others that count, beside 4,000 files in folders that no tool should read.
"""
import pathlib

PYTHON_FILES, OTHER_FILES, IGNORED_FILES = 1_500, 3_000, 4_000

ROUTER = '''"""Orders of kind {n}."""
import logging
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query
from sqlalchemy.ext.asyncio import AsyncSession

from app.database import session
from app.models.model_{n} import Model{n}

router = APIRouter(prefix="/orders-{n}", tags=["orders"])
logger = logging.getLogger(__name__)


@router.get("/")
async def list_orders(db: Annotated[AsyncSession, Depends(session)], limit: int = Query(50, le=200), offset: int = 0):
    rows = await db.execute(Model{n}.newest().limit(limit).offset(offset))
    return [row.as_dict() for row in rows.scalars()]


@router.get("/{{order_id}}")
async def read_order(order_id: int, db: Annotated[AsyncSession, Depends(session)]):
    row = await db.get(Model{n}, order_id)
    if row is None:
        raise HTTPException(status_code=404, detail=f"there is no order {{order_id}}")
    return row.as_dict()


@router.post("/", status_code=201)
async def add_order(body: dict, db: Annotated[AsyncSession, Depends(session)]):
    try:
        row = Model{n}(**{{key: value for key, value in body.items() if key in Model{n}.allowed}})
        db.add(row)
        await db.commit()
    except ValueError as error:
        logger.warning("refused", extra={{"reason": str(error)}})
        raise HTTPException(status_code=422, detail=str(error)) from error
    return row.as_dict()
'''

MODEL = '''from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.database import Base


class Model{n}(Base):
    __tablename__ = "orders_{n}"
    __table_args__ = (Index("ix_orders_{n}_made", "made"),)
    allowed = frozenset({{"name", "amount", "note"}})

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), index=True)
    amount: Mapped[int] = mapped_column(default=0)
    note: Mapped[str | None] = mapped_column(String(2000), nullable=True)
    made: Mapped[datetime] = mapped_column(default=datetime.utcnow)
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    owner = relationship("User", back_populates="orders_{n}")

    @classmethod
    def newest(cls):
        return select(cls).order_by(cls.made.desc(), cls.id)

    def as_dict(self):
        return {{"id": self.id, "name": self.name, "amount": self.amount, "made": self.made.isoformat()}}
'''

SERVICE = '''"""Arithmetic for kind {n}: plain code, which no web framework knows of."""
import math
import statistics


class Ledger{n}:
    def __init__(self, rows, rate=0.19):
        self.rows = list(rows)
        self.rate = rate

    def total(self):
        return sum(row["amount"] * (1 + self.rate) for row in self.rows if row.get("open"))

    def by_day(self):
        days = {{}}
        for row in self.rows:
            days.setdefault(row["day"], []).append(row["amount"])
        return {{day: (min(values), statistics.fmean(values), max(values)) for day, values in sorted(days.items())}}

    def forecast(self, days=30, damping=0.85):
        values, result = [row["amount"] for row in self.rows[-days:]], []
        level = values[0] if values else 0.0
        for step in range(days):
            level = damping * level + (1 - damping) * (values[step % len(values)] if values else 0.0)
            result.append(round(level * (1 + 0.1 * math.sin(step / 7)), 2))
        return result
'''

TEST = '''import pytest


@pytest.mark.parametrize("amount", [0, 1, 10, -1])
def test_total_{n}(client, amount):
    answer = client.post("/orders-{n}/", json={{"name": "x", "amount": amount}})
    assert answer.status_code in (201, 422)
    assert "{n}" not in answer.text
'''

REVISION = '''"""Step {n}."""
import sqlalchemy as sa
from alembic import op

revision = "{n:012x}"
down_revision = {before}


def upgrade():
    op.add_column("users", sa.Column("field_{n}", sa.String(80), nullable=True))
    op.create_index("ix_users_{n}", "users", ["field_{n}"])


def downgrade():
    op.drop_column("users", "field_{n}")
'''

MAIN = '''import importlib
import os

from fastapi import FastAPI

app = FastAPI(title="Orders")
for number in range(int(os.environ.get("KINDS", "350"))):
    app.include_router(importlib.import_module(f"app.routers.orders_{number}").router)


@app.get("/health")
async def health():
    return {"status": "ok"}
'''

DATABASE = '''import os

from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

engine = create_async_engine(os.environ["DATABASE_URL"], pool_size=5, pool_pre_ping=True)
sessions = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    pass


async def session():
    async with sessions() as one:
        yield one
'''

DOCKERFILE = '''FROM python:3.13-slim AS build
WORKDIR /srv
COPY requirements.txt .
RUN pip install --no-cache-dir --prefix=/install -r requirements.txt

FROM python:3.13-slim
WORKDIR /srv
COPY --from=build /install /usr/local
COPY . .
RUN useradd --system --uid 10001 app
USER app
EXPOSE 8000
CMD ["uvicorn", "app.main:app", "--host", "0.0.0.0", "--port", "8000"]
'''


def make(root):
    """Writes the project below a folder that is not there yet; returns it."""
    root = pathlib.Path(root)
    kinds = (PYTHON_FILES - 70) // 4
    files = {"app/__init__.py": "", "app/main.py": MAIN, "app/database.py": DATABASE, "migrations/env.py": "x = 1\n"}
    for n in range(kinds):
        files[f"app/routers/orders_{n}.py"] = ROUTER.format(n=n)
        files[f"app/models/model_{n}.py"] = MODEL.format(n=n)
        files[f"app/services/ledger_{n}.py"] = SERVICE.format(n=n) * 2
        files[f"tests/test_{n}.py"] = TEST.format(n=n) * 6
    for n in range(PYTHON_FILES - len(files)):
        before = f'"{n - 1:012x}"' if n else "None"
        files[f"migrations/versions/{n:012x}_step.py"] = REVISION.format(n=n, before=before)
    files.update(others())
    for n in range(IGNORED_FILES):
        folder = ("web/node_modules", ".venv/lib/site-packages", ".git/objects")[n % 3]
        files[f"{folder}/p{n % 40}/f{n}.py"] = SERVICE.format(n=n)
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def others():
    service = "apiVersion: v1\nkind: Service\nmetadata: {name: orders}\nspec: {ports: [{port: 80, targetPort: 8000}]}\n"
    workflow = "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps: [{run: pytest}]\n"
    files = {
        "Dockerfile": DOCKERFILE, "worker.Dockerfile": DOCKERFILE, "alembic.ini": "[alembic]\nscript_location = migrations\n",
        "requirements.txt": "fastapi==0.120.0\nuvicorn==0.38.0\nsqlalchemy==2.0.44\nasyncpg==0.30.0\nalembic==1.17.0\n",
        "compose.yaml": "services:\n  web: {build: ., ports: ['8000:8000']}\n  db: {image: postgres:17}\n",
        ".env.example": "DATABASE_URL=postgresql+asyncpg://localhost/orders\nKINDS=350\n", "README.md": "# Orders\n" * 50,
    }
    files.update({f"k8s/part{n}.yaml": service * 3 for n in range(30)})
    files.update({f".github/workflows/job{n}.yml": workflow for n in range(8)})
    count = OTHER_FILES - len(files)
    endings = ("ts", "tsx", "md", "json", "svg", "css")
    for n in range(count):
        files[f"web/src/part{n % 60}/file{n}.{endings[n % 6]}"] = f"// part {n}\n" + "export const value = 1;\n" * 60
    return files
