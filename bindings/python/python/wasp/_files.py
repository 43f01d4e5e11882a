"""Files that programs are given, and those that they leave."""

from __future__ import annotations

import fnmatch
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


def collect(patterns: Sequence[str], workspace: Path, most: int) -> tuple[dict[str, bytes], bool]:
    """Returns what the files have whose paths match, and whether that is all: files beyond `most` bytes are left out. Links are left
    alone: they may lead anywhere."""
    wanted = [place(pattern) for pattern in patterns]
    found: dict[str, bytes] = {}
    is_whole = True
    for directory, _, names in os.walk(workspace):  # It follows no links.
        for name in names:
            path = Path(directory, name)
            inner = path.relative_to(workspace).as_posix()
            if path.is_symlink() or not path.is_file() or not any(fnmatch.fnmatchcase(inner, it) for it in wanted):
                continue
            size = path.stat().st_size
            if size > most:
                is_whole = False
                continue
            most -= size
            found[inner] = path.read_bytes()
    return dict(sorted(found.items())), is_whole
