"""An app that does not start without its database and its Redis, and can be asked whom it reaches."""

import os
import socket
from contextlib import asynccontextmanager

import psycopg
import redis
from fastapi import FastAPI

cache = redis.Redis.from_url(os.environ["REDIS_URL"], socket_timeout=5)


def connect():
    return psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=5)


@asynccontextmanager
async def lifespan(app):
    with connect() as database:
        database.execute("CREATE TABLE IF NOT EXISTS rows (id serial PRIMARY KEY)")
    cache.ping()
    yield


app = FastAPI(lifespan=lifespan)


@app.get("/health")
def health():
    return {"ok": True}


@app.get("/write")
def write():
    with connect() as database:
        database.execute("INSERT INTO rows DEFAULT VALUES")
        rows = database.execute("SELECT count(*) FROM rows").fetchone()[0]
    return {"rows": rows, "visits": cache.incr("visits")}


@app.get("/reach/{host}/{port}")
def reach(host: str, port: int):
    try:
        socket.create_connection((host, port), timeout=2).close()
        return "open"
    except OSError:
        return "closed"
