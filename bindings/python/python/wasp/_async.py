"""Calls that asyncio waits for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

from ._wasp import Instance


class _Loop(threading.local):
    current: asyncio.AbstractEventLoop | None = None


_loop = _Loop()
"""Of the call that this thread makes for asyncio."""


def wait(coroutine: Coroutine[Any, Any, Any], what: str) -> Any:
    """Waits for what a callback answers in the event loop of the call. Raises TypeError where that has none."""
    if _loop.current is None:
        coroutine.close()
        raise TypeError(f"{what} is a coroutine function, and call can't wait for it: call_async does")
    return asyncio.run_coroutine_threadsafe(coroutine, _loop.current).result()


async def call(instance: Instance, function: str, args: tuple[Any, ...], options: dict[str, Any] | None) -> Any:
    """Calls on a thread. A cancelled task interrupts the guest and waits until it has stopped."""
    begun = gone = False
    loop = asyncio.get_running_loop()

    def work() -> Any:
        nonlocal begun
        # First: who cancels sees this, or this sees that.
        begun = True
        _loop.current = loop
        try:
            return None if gone else instance.call(function, *args, **(options or {}))
        finally:
            _loop.current = None

    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        gone = True
        # One that waits for a thread has nothing to stop: an interrupt would end somebody else's call.
        while begun and not running.done():
            # Again, if the call had not begun yet.
            instance.interrupt()
            await asyncio.wait([running], timeout=0.05)
        if running.done() and not running.cancelled():
            running.exception()
        raise
