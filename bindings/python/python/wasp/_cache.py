"""Where compiled runtimes are kept between processes."""

from __future__ import annotations

import os
import tempfile
from functools import cache


def directory() -> str | None:
    """Returns a directory of this user's in XDG_CACHE_HOME, or in ~/.cache; None where there is none to write to. Its files run as code,
    so that it is of no use where others may write there."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    found = os.path.join(base, "wasp")
    try:
        os.makedirs(found, mode=0o700, exist_ok=True)
        about = os.stat(found)
    except OSError:
        return None
    is_ours = about.st_uid == os.getuid() and not about.st_mode & 0o022 if hasattr(os, "getuid") else True
    return found if is_ours and os.access(found, os.W_OK) else None


@cache
def _made() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="wasp-cache-")


def temporary() -> str:
    """Returns a directory that this process has to itself, and that is deleted at its end."""
    return _made().name
