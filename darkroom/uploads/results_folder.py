"""The folder of results: where each lies in it, and what earlier runs have left."""

import hashlib
import os
import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from contract.keys import manifest_key, rendition_key
from contract.manifest import Manifest
from darkroom.errors import DarkroomError, UsageError
from darkroom.files import ensure_folder, write_atomically

# In a folder that `darkroom run` wrote into: what is in it is no input.
RESULTS_MARKER = ".darkroom-results"
_MARK = b"What is in this folder was made by `darkroom run`, which takes none of it as input.\n"

# In the head of a contact sheet, which is a page of results.
SHEET_MARKER = b'<meta name="generator" content="darkroom run">'
_HEAD_BYTES = 1024

# The longest file name that Linux, macOS and Windows all take.
_NAME_BYTES = 255

# A `%` only where it would read as one of the escapes below: `100%.jpg` stays as it is.
_ESCAPED = re.compile(r"[\0\\]|%(?=[0-9A-Fa-f]{2}|~)")
_EMPTY = "%~"
_EXTENSIONS = (".webp", ".jpg", ".png", ".gif", ".avif", ".jpeg", ".json")


@dataclass(frozen=True, slots=True)
class ResultsFolder:
    """A folder of results and of nothing else: it mirrors what a pipeline has made."""

    path: Path
    _left: set[Path] = field(default_factory=set, init=False, repr=False)  # folders that something was removed from

    @classmethod
    def prepare(cls, path: Path) -> "ResultsFolder":
        """Make the folder where it is missing; the first result marks it.

        Raises:
            UsageError: it cannot be written to, or holds what no run has made: that would be taken for results.
        """
        ensure_folder(path, "--out")
        try:
            strangers = () if holds_results(path) else [each for each in sorted(path.iterdir()) if _is_stranger(each)]
        except OSError as error:
            raise UsageError(
                f"--out: the folder {str(path)!r} cannot be looked into: {error.strerror}. Choose another."
            ) from error
        if strangers:
            raise UsageError(
                f"--out {str(path)!r} holds other files, {strangers[0].name!r} among them: they would be taken for "
                "results. Name a folder that is new, empty, or of an earlier run."
            )
        return cls(path)

    def write(self, name: str, content: bytes) -> Path:
        """Write a file by its derived key without the prefix, or one of the run's.

        Raises:
            DarkroomError: the disk refuses it.
        """
        if not holds_results(self.path):
            write_atomically(self.path / RESULTS_MARKER, _MARK)
        return write_atomically(self.path / local_path(name), content)

    def remove_earlier(self, key: str, kept: Collection[Path] = ()) -> None:
        """Remove the manifest of an uploaded key, and what that lists.

        What is `kept` was made since.

        Raises:
            DarkroomError: the disk refuses it.
        """
        for path in [*self._listed(key)]:
            if path not in kept:
                self.remove(path)

    def remove(self, path: Path) -> None:
        """Remove a file, if it is there.

        Raises:
            DarkroomError: the disk refuses it.
        """
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise DarkroomError(f"{str(path)!r} cannot be removed: {error.strerror}. Remove it yourself.") from error
        self._left.add(path.parent)

    def remove_empty_folders(self) -> None:
        """Remove the folders that nothing is left in."""
        for folder in self._left:
            emptied = folder
            with suppress(OSError):  # one that is not empty ends it
                while emptied != self.path:
                    emptied.rmdir()
                    emptied = emptied.parent

    def _listed(self, key: str) -> Iterator[Path]:
        """Name the files that the manifest in this folder tells of, and it; that may be anybody's."""
        path = self.path / local_path(manifest_key(key))
        try:
            renditions = Manifest.from_json(path.read_bytes()).renditions
        except (OSError, ValueError, RecursionError):  # there is none, or none that can be read
            return
        for each in renditions:
            name = rendition_key(each.variant, key, each.key.rpartition(".")[2])
            if each.key.endswith(name):  # in front of it there may be the derived bucket's prefix
                yield self.path / local_path(name)
        yield path


def holds_results(folder: Path) -> bool:
    """Tell whether an earlier run has marked a folder."""
    return os.path.exists(folder / RESULTS_MARKER)  # noqa: PTH110 - Path.exists raises where it may not look


def is_contact_sheet(path: Path) -> bool:
    """Tell whether a file is a page of results.

    Raises:
        OSError: it cannot be read.
    """
    if path.suffix.lower() not in {".html", ".htm"}:
        return False
    with path.open("rb") as file:
        return SHEET_MARKER in file.read(_HEAD_BYTES)


def local_path(derived_key: str) -> PurePosixPath:
    """Name an object's file below the folder.

    By its key, wherever that is a path that stays below it. A segment that is no file name (empty, `.`, `..`, with NUL
    or a backslash) is percent-encoded, one that is too long is shortened with a hash, and in a folder that is called as
    a rendition could be, the last dot is encoded. So no two derived keys share a file, and none needs a folder where
    another needs a file.
    """
    *folders, name = derived_key.split("/")
    return PurePosixPath(*map(_folder_name, folders), _file_name(name))


def _folder_name(segment: str) -> str:
    name = _escaped(segment)
    if name.endswith(_EXTENSIONS):
        name = "%2E".join(name.rsplit(".", 1))
    return _short(name, segment, extension="")


def _file_name(segment: str) -> str:
    extension = PurePosixPath(segment).suffix
    return _short(_escaped(segment), segment, extension if extension in _EXTENSIONS else "")


def _escaped(segment: str) -> str:
    if segment in {".", ".."}:
        return segment.replace(".", "%2E")
    return _ESCAPED.sub(lambda match: quote(match[0]), segment) or _EMPTY


def _short(name: str, segment: str, extension: str) -> str:
    if len(name.encode()) <= _NAME_BYTES:
        return name
    tail = f"%~{hashlib.sha256(segment.encode()).hexdigest()}{extension}"
    return name.encode()[: _NAME_BYTES - len(tail)].decode(errors="ignore") + tail


def _is_stranger(path: Path) -> bool:
    """Tell whether a file is none of a run's: what a dot hides does not count, as it is never an input."""
    return not path.name.startswith(".") and not (path.is_file() and is_contact_sheet(path))
