"""Find the files to upload, and their keys."""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from contract.keys import MAX_KEY_BYTES
from darkroom.errors import UsageError


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file to upload, and its key in the uploads bucket."""

    path: Path
    key: str


def find_files(paths: Sequence[Path], *, outputs: Sequence[Path] = (), prefix: str = "") -> tuple[LocalFile, ...]:
    """Find the files that are meant, in a stable order.

    A file's key is its name; a file's below a folder is its path from that folder on, with `/` between the names; the
    prefix is put in front of each as it is.
    Links are followed. What a dot hides is left out, and so are `outputs`, what an earlier run wrote: unless they are
    named as paths themselves.

    Raises:
        UsageError: a path is missing, unreadable, empty or of another kind, or two files would have the same key.
    """
    left_out = frozenset(output.resolve() for output in outputs)
    start = key_of(prefix)
    found = [source for path in paths for source in _files_of(path, left_out)]
    sources = [LocalFile(source.path, start + source.key) for source in found]
    owners: dict[str, LocalFile] = {}
    for source in sources:
        owner = owners.setdefault(source.key, source)
        if owner is not source:
            raise UsageError(
                f"{_shown(owner.path)} and {_shown(source.path)} would both be uploaded as {source.key!r}.\n"
                "Give the folder that holds both, or run them one after the other."
            )
        _check(source)
    return tuple(sources)


def key_of(name: str) -> str:
    """Turn a relative file name into a key: S3's keys are UTF-8, so bytes that are not are percent-encoded."""
    return "".join(
        f"%{ord(character) - 0xDC00:02X}" if "\udc80" <= character <= "\udcff" else character for character in name
    )


def _files_of(path: Path, left_out: frozenset[Path]) -> Iterator[LocalFile]:
    kind = _kind(path)
    if stat.S_ISREG(kind):
        yield LocalFile(path, key_of(path.name))
        return
    if not stat.S_ISDIR(kind):
        raise UsageError(f"{_shown(path)} is neither a file nor a folder. Leave it out.")
    found = False
    for file in _files_below(path, left_out, ancestors=()):
        found = True
        yield LocalFile(file, key_of(file.relative_to(path).as_posix()))
    if not found:
        raise UsageError(f"The folder {_shown(path)} holds no files (hidden ones are left out). Give one with images.")


def _files_below(folder: Path, left_out: frozenset[Path], ancestors: tuple[tuple[int, int], ...]) -> Iterator[Path]:
    identity = folder.stat()
    here = (identity.st_dev, identity.st_ino)
    if here in ancestors:  # a link to a folder that holds it
        return
    for path in _entries(folder, left_out):
        kind = _kind(path)
        if stat.S_ISDIR(kind):
            yield from _files_below(path, left_out, (*ancestors, here))
        elif stat.S_ISREG(kind):
            yield path
        else:
            raise UsageError(f"{_shown(path)} is neither a file nor a folder. Move it away, or hide it with a dot.")


def _entries(folder: Path, left_out: frozenset[Path]) -> list[Path]:
    try:
        shown = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise _unreadable(folder, error) from error
    return [path for path in shown if path.resolve() not in left_out]


def _kind(path: Path) -> int:
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        if path.is_symlink():
            raise UsageError(f"{_shown(path)} is a link to nothing. Mend it or leave it out.") from None
        raise UsageError(f"{_shown(path)} does not exist. Check the path.") from None
    except OSError as error:
        raise _unreadable(path, error) from error


def _check(source: LocalFile) -> None:
    length = len(source.key.encode())
    if length > MAX_KEY_BYTES:
        raise UsageError(
            f"The key of {_shown(source.path)} has {length} bytes; S3 allows {MAX_KEY_BYTES}.\n"
            "Give a folder further down, or shorter names."
        )
    if not os.access(source.path, os.R_OK):
        raise UsageError(f"{_shown(source.path)} cannot be read: permission denied. Change its mode or leave it out.")


def _unreadable(path: Path, error: OSError) -> UsageError:
    return UsageError(f"{_shown(path)} cannot be read: {error.strerror}. Change that or leave it out.")


def _shown(path: Path) -> str:
    return repr(str(path))
