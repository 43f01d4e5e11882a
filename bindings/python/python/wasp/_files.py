"""Files that programs are given, and those that they leave."""

from __future__ import annotations

import fnmatch
import math
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

File = bytes | bytearray | memoryview | str | os.PathLike[str]
"""What a file has: bytes, the text of a str, or what the file at a pathlib.Path has."""


def place(path: str) -> str:
    """Returns where a file is in the workspace. Raises ValueError for one that is not within it."""
    if not isinstance(path, str):
        raise TypeError(f"a file's path is {path!r}, and a str is accepted")
    pure = PurePosixPath("/workspace", path)
    if ".." in pure.parts or not pure.is_relative_to("/workspace") or "\0" in path:
        raise ValueError(
            f'file "{path}" is not within /workspace, where a program finds its files: "data.csv" is, and "/workspace/data.csv"'
        )
    inner = pure.relative_to("/workspace").as_posix()
    if inner == ".":
        raise ValueError(f'file "{path}" is the workspace itself, and not a file')
    return inner


def write(files: Mapping[str, File], workspace: Path) -> None:
    """Puts files into a workspace that no program has seen yet."""
    for path, content in files.items():
        target = workspace / place(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            target.write_text(content, encoding="utf-8")
        elif isinstance(content, os.PathLike):
            shutil.copyfile(content, target)
        else:
            target.write_bytes(content)


def collect(patterns: Sequence[str], workspace: Path, most: int | None) -> tuple[dict[str, bytes], bool]:
    """Returns what the files have whose paths match, as far as that is no more than most bytes, and whether there was more. Links are
    left alone: they may lead anywhere."""
    wanted = [place(pattern) for pattern in patterns]
    found: dict[str, bytes] = {}
    left = math.inf if most is None else most
    is_truncated = False
    for directory, _, names in os.walk(workspace) if wanted else ():  # It follows no links.
        for name in names:
            path = Path(directory, name)
            inner = path.relative_to(workspace).as_posix()
            if path.is_symlink() or not path.is_file() or not any(fnmatch.fnmatchcase(inner, it) for it in wanted):
                continue
            # Its size is what the program said: such a file may take no room on the disk.
            size = path.stat().st_size
            if size > left:
                is_truncated = True
            else:
                left -= size
                found[inner] = path.read_bytes()
    return dict(sorted(found.items())), is_truncated
