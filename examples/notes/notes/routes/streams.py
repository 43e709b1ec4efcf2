"""New notes, live: by WebSocket and by server-sent events."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from fastapi import APIRouter, WebSocket, WebSocketDisconnect, status
from fastapi.responses import StreamingResponse
from starlette.websockets import WebSocketState

from notes.broadcast import Broadcaster, Subscription
from notes.routes.dependencies import ServicesDep

# Proxies drop connections that stay silent for too long.
KEEP_ALIVE_SECONDS = 15.0

router = APIRouter()


@router.websocket("/ws")
async def websocket(socket: WebSocket, services: ServicesDep) -> None:
    await socket.accept()
    with services.broadcaster.subscribe() as subscription, suppress(WebSocketDisconnect):
        receiver = asyncio.create_task(_end_on_disconnect(socket, subscription))
        try:
            while (message := await subscription.next()) is not None:
                await socket.send_text(message)
        finally:
            receiver.cancel()
        if socket.client_state is WebSocketState.CONNECTED:
            await socket.close(
                status.WS_1012_SERVICE_RESTART
                if services.broadcaster.closed
                else status.WS_1013_TRY_AGAIN_LATER
            )


async def _end_on_disconnect(socket: WebSocket, subscription: Subscription) -> None:
    """Read, and ignore, what the client sends, in order to see it leave."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
    subscription.end()


@router.get("/events", response_class=StreamingResponse)
async def events(services: ServicesDep) -> StreamingResponse:
    return StreamingResponse(
        event_stream(services.broadcaster),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def event_stream(
    broadcaster: Broadcaster, keep_alive: float = KEEP_ALIVE_SECONDS
) -> AsyncIterator[str]:
    with broadcaster.subscribe() as subscription:
        # Something at once, so that proxies pass the response on.
        yield ": connected\n\n"
        while True:
            try:
                async with asyncio.timeout(keep_alive):
                    message = await subscription.next()
            except TimeoutError:
                yield ": keep-alive\n\n"
                continue
            if message is None:
                return
            yield f"event: note\ndata: {message}\n\n"
