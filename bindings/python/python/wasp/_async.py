"""Calls that asyncio waits for."""

from __future__ import annotations

import asyncio
from typing import Any

from ._wasp import Instance


async def call(instance: Instance, function: str, args: tuple[Any, ...], options: dict[str, Any] | None) -> Any:
    """Calls on a thread. A cancelled task interrupts the guest and waits until it has stopped."""
    begun = gone = False

    def work() -> Any:
        nonlocal begun
        # First: who cancels sees this, or this sees that.
        begun = True
        return None if gone else instance.call(function, *args, **(options or {}))

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
