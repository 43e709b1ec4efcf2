"""Which Machine answers: for seeing the platform at work."""

import os

from fastapi import APIRouter

VARIABLES = ("FLY_APP_NAME", "FLY_MACHINE_ID", "FLY_REGION", "FLY_PROCESS_GROUP")

router = APIRouter()


@router.get("/api/whoami")
async def whoami() -> dict[str, str | None]:
    """The platform's variables; null for those that are not set."""
    return {name: os.environ.get(name) for name in VARIABLES}
