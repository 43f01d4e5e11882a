"""Calls that asyncio waits for."""

from __future__ import annotations

import asyncio
from typing import Any

from ._wasp import Instance


async def call(instance: Instance, function: str, args: tuple[Any, ...], options: dict[str, Any] | None) -> Any:
    """Calls on a thread. A cancelled task interrupts the guest and waits until it has stopped."""
    running = asyncio.ensure_future(asyncio.to_thread(instance.call, function, *args, **(options or {})))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        while not running.done():
            # Again, if the call had not begun yet.
            instance.interrupt()
            await asyncio.wait([running], timeout=0.05)
        if not running.cancelled():
            running.exception()
        raise
