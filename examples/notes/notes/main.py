"""The application: `uvicorn notes.main:app`."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from notes.config import MAX_REQUEST_BYTES, Settings
from notes.routes import attachments, health, notes, pages, platform, streams
from notes.services import running_services
from notes.signals import on_termination

# What comes of a database that is away, starting, full or not yet migrated.
# While connecting, not all of it is sorted into SQLAlchemy's finer classes.
DATABASE_ERRORS = (DBAPIError, PoolTimeoutError, ConnectionError, TimeoutError)

# The server's own logger is the one set up to be seen.
logger = logging.getLogger("uvicorn.error")


async def database_unavailable(request: Request, error: Exception) -> JSONResponse:
    logger.error("%s %s failed: %r", request.method, request.url.path, error)
    return JSONResponse({"detail": "the database is unavailable"}, status_code=503)


async def invalid_request(_request: Request, error: RequestValidationError) -> JSONResponse:
    """Say what is wrong without echoing it: not all input can be sent back as UTF-8."""
    detail = [{key: item[key] for key in ("type", "loc", "msg")} for item in error.errors()]
    return JSONResponse({"detail": detail}, status_code=422)


def create_app(settings: Settings) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with running_services(settings) as services:
            app.state.services = services
            with on_termination(services.broadcaster.close):
                yield

    app = FastAPI(
        title="Notes",
        lifespan=lifespan,
        max_body_size=MAX_REQUEST_BYTES,
        # The interactive documentation pages load scripts from a CDN.
        docs_url=None,
        redoc_url=None,
    )
    app.exception_handler(RequestValidationError)(invalid_request)
    for error in DATABASE_ERRORS:
        app.add_exception_handler(error, database_unavailable)
    for routes in (health, notes, attachments, streams, platform, pages):
        app.include_router(routes.router)
    return app


app = create_app(Settings.from_env())
