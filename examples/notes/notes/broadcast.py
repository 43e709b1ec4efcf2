"""Handing each new note to the streams that are open in this process."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

# A subscriber this far behind is cut off, so that it cannot hold memory.
MAX_BACKLOG = 100


class Subscription:
    """The messages for one open stream, until it ends."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()

    async def next(self) -> str | None:
        """Wait for a message; None once the subscription has ended."""
        return await self._queue.get()

    def put(self, message: str) -> bool:
        if self._queue.qsize() >= MAX_BACKLOG:
            return False
        self._queue.put_nowait(message)
        return True

    def end(self) -> None:
        self._queue.put_nowait(None)


class Broadcaster:
    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()
        self._closed = False

    @property
    def closed(self) -> bool:
        return self._closed

    def __len__(self) -> int:
        return len(self._subscriptions)

    @contextmanager
    def subscribe(self) -> Iterator[Subscription]:
        subscription = Subscription()
        if self._closed:
            subscription.end()
        else:
            self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    def publish(self, message: str) -> None:
        for subscription in list(self._subscriptions):
            if not subscription.put(message):
                self._subscriptions.discard(subscription)
                subscription.end()

    def close(self) -> None:
        """End every stream, and every later one at once: the process is stopping."""
        self._closed = True
        for subscription in self._subscriptions:
            subscription.end()
        self._subscriptions.clear()
