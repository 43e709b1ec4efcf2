"""Health checks for the platform."""

import asyncio
import logging

from fastapi import APIRouter, HTTPException
from sqlalchemy import literal, select

from notes.models import Note
from notes.routes.dependencies import ServicesDep

# Shorter than the two seconds the platform waits for the answer.
DATABASE_SECONDS = 1.5

logger = logging.getLogger("uvicorn.error")
router = APIRouter(prefix="/health")


@router.get("/live")
async def live() -> dict[str, str]:
    """The process runs and its event loop turns."""
    return {"status": "alive"}


@router.get("/ready")
async def ready(services: ServicesDep) -> dict[str, str]:
    """The database answers a query, and has been migrated.

    The SELECT 1 is from the table: SQLite would answer a bare one from memory.
    """
    try:
        async with asyncio.timeout(DATABASE_SECONDS), services.engine.connect() as connection:
            await connection.execute(select(literal(1)).select_from(Note).limit(1))
    except Exception as error:
        # Of whatever kind: the answer to "is it ready?" is then "no".
        logger.warning("Not ready: %r", error)
        raise HTTPException(503, "the database is unavailable") from error
    return {"status": "ready"}
