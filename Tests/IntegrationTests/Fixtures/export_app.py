"""An app for the files that an export writes: it says what it sees, streams, echoes and counts what it is sent."""
import asyncio
import os

from fastapi import FastAPI, Request, WebSocket
from fastapi.responses import StreamingResponse

app = FastAPI()


@app.get("/healthz")
async def healthz():
    return {"status": "ok"}


@app.get("/seen")
async def seen(request: Request):
    return {
        "client": request.client.host,
        "scheme": request.url.scheme,
        "host": request.headers.get("host"),
        "id": request.headers.get("x-request-id"),
        "environment": {name: os.environ.get(name) for name in ("PLAIN", "PORT", "WEB_CONCURRENCY")},
    }


@app.get("/events")
async def events():
    async def lines():
        for number in range(4):
            yield f"data: {number}\n\n"
            await asyncio.sleep(0.5)

    return StreamingResponse(lines(), media_type="text/event-stream")


@app.post("/upload")
async def upload(request: Request):
    size = 0
    async for part in request.stream():
        size += len(part)
    return {"size": size}


@app.get("/metrics")
async def metrics():
    return "for the inside alone"


@app.websocket("/ws")
async def echo(socket: WebSocket):
    await socket.accept()
    while True:
        await socket.send_text("echo " + await socket.receive_text())
