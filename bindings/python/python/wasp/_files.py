"""Files that programs are given, and those that they leave."""

from __future__ import annotations

import errno
import fnmatch
import math
import os
import shutil
import subprocess
import tempfile
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

File = bytes | bytearray | memoryview | str | os.PathLike[str]
"""What a file has: bytes, the text of a str, or what the file at a pathlib.Path has."""
_LONGEST = 4096
"""Bytes that the system takes as a path, with the zero that ends it."""


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
    for inner, entry in _files(workspace) if wanted else ():
        if any(fnmatch.fnmatchcase(inner, it) for it in wanted):
            # Its size is what the program said: such a file may take no room on the disk.
            size = entry.stat(follow_symlinks=False).st_size
            if size > left:
                is_truncated = True
            else:
                left -= size
                found[inner] = Path(entry.path).read_bytes()
    return dict(sorted(found.items())), is_truncated


def _files(workspace: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Returns the files that are none but that, however deep: os.walk recurses in Python 3.11."""
    folders = [""]
    while folders:
        folder = folders.pop()
        try:
            entries = list(os.scandir(workspace / folder))
        except OSError as error:
            # A program may make longer paths than the system takes.
            if error.errno != errno.ENAMETOOLONG:
                raise
            continue
        for entry in entries:
            inner = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir(follow_symlinks=False):
                folders.append(inner)
            elif entry.is_file(follow_symlinks=False) and len(os.fsencode(entry.path)) < _LONGEST:
                yield inner, entry


@contextmanager
def workspace(files: Mapping[str, File]) -> Iterator[Path]:
    """Makes a folder for a program, with files, and deletes it afterwards."""
    path = Path(tempfile.mkdtemp(prefix="wasp-"))
    # At the end of the process, too: it is no generator's to know of.
    owner = _Owner()
    delete = weakref.finalize(owner, _delete, path)
    try:
        write(files, path)
        yield path
    finally:
        delete()


class _Owner:
    """Something to hold on to."""


def _delete(workspace: Path) -> None:
    try:
        shutil.rmtree(workspace)
    except (OSError, RecursionError):
        # Folders within folders, deeper than Python goes.
        subprocess.run(["rm", "-rf", "--", workspace], check=False, capture_output=True)
