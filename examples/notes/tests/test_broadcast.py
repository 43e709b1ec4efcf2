"""The broadcaster, and the event stream it feeds."""

import asyncio

import pytest

from notes.broadcast import MAX_BACKLOG, Broadcaster
from notes.routes.streams import event_stream

pytestmark = pytest.mark.anyio


async def test_cuts_off_a_subscriber_that_lags() -> None:
    broadcaster = Broadcaster()
    with broadcaster.subscribe() as slow, broadcaster.subscribe() as quick:
        for number in range(MAX_BACKLOG + 5):
            broadcaster.publish(str(number))
            assert await quick.next() == str(number)
        received = [await slow.next() for _ in range(MAX_BACKLOG + 1)]
        assert received == [*map(str, range(MAX_BACKLOG)), None]
        assert len(broadcaster) == 1
    assert len(broadcaster) == 0


async def test_closing_ends_subscriptions_present_and_future() -> None:
    broadcaster = Broadcaster()
    with broadcaster.subscribe() as present:
        broadcaster.close()
        assert await present.next() is None
    with broadcaster.subscribe() as future:
        assert await future.next() is None


async def test_event_stream() -> None:
    broadcaster = Broadcaster()
    stream = event_stream(broadcaster, keep_alive=0.05)
    assert await anext(stream) == ": connected\n\n"
    assert await anext(stream) == ": keep-alive\n\n"
    broadcaster.publish("{}")
    assert await anext(stream) == "event: note\ndata: {}\n\n"
    asyncio.get_running_loop().call_soon(broadcaster.close)
    with pytest.raises(StopAsyncIteration):
        await anext(stream)
