"""The web page."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse

INDEX = Path(__file__).parent.parent / "static" / "index.html"

router = APIRouter()


@router.api_route(
    "/", methods=["GET", "HEAD"], include_in_schema=False, response_class=FileResponse
)
async def index() -> FileResponse:
    # To be checked on every visit, so that a deployment shows at once.
    return FileResponse(INDEX, headers={"Cache-Control": "no-cache"})
