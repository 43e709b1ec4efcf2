"""Learning of a termination signal as early as the server does."""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def on_termination(callback: Callable[[], None]) -> Iterator[None]:
    """Call back in the event loop on SIGTERM or SIGINT, then do what was set up.

    The server runs the app's shut-down only after open connections have ended,
    and an event stream never ends by itself. So the app has to hear of the
    signal, too.
    """
    if threading.current_thread() is not threading.main_thread():
        # Python handles signals in the main thread only.
        yield
        return

    loop = asyncio.get_running_loop()
    previous = {
        number: handler
        for number in (signal.SIGTERM, signal.SIGINT)
        if callable(handler := signal.getsignal(number))
    }

    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(callback)
        previous[signal.Signals(number)](number, frame)

    for number in previous:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
