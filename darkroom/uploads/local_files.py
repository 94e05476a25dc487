"""Find the files to upload, and their keys."""

import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from contract.keys import MAX_KEY_BYTES
from darkroom.errors import UsageError

# In a folder that `darkroom run` wrote into: what is in it is no input.
RESULTS_MARKER = ".darkroom-results"

# In the head of a contact sheet, which is a page of results.
SHEET_MARKER = b'<meta name="generator" content="darkroom run">'
_HEAD_BYTES = 1024

# A path has lost one of the two slashes.
_URL = re.compile(r"([a-z][a-z0-9+.-]+:)/+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file to upload, and its key in the uploads bucket."""

    path: Path
    key: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """What was found and is not uploaded, and why, as a clause."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Selection:
    """The files to upload in a stable order, and what is left out.

    That is what cannot be uploaded, and folders and contact sheets of earlier runs.
    """

    sources: tuple[LocalFile, ...]
    skipped: tuple[Skipped, ...] = ()
    results: tuple[Path, ...] = ()


def find_files(paths: Sequence[Path], *, outputs: Sequence[Path] = (), prefix: str = "") -> Selection:
    """Find the files that are meant.

    A file's key is its name; a file's below a folder is its path from that folder on, with `/` between the names; the
    prefix is put in front of each as it is.
    Links are followed. What a dot hides is left out, and so are `outputs`, and folders that hold results. What cannot
    be read is skipped. A file that is given twice is one.

    Raises:
        UsageError: a path is missing, a folder is empty or to be written to, nothing is left, or two files would have
            the same key.
    """
    search = _Search(outputs, prefix)
    for path in paths:
        search.add(path)
    if not search.sources and search.skipped:
        reasons = "\n".join(f"{_shown(each.path)} {each.reason}." for each in search.skipped)
        raise UsageError(f"None of these files can be uploaded:\n{reasons}")
    return Selection(tuple(search.sources.values()), tuple(search.skipped), tuple(search.results))


def key_of(name: str) -> str:
    """Turn a relative file name into a key.

    S3's keys are UTF-8, so bytes that are not are percent-encoded.
    """
    return "".join(
        f"%{ord(character) - 0xDC00:02X}" if "\udc80" <= character <= "\udcff" else character for character in name
    )


class _Search:
    """Collects sources by their keys, and what is passed over."""

    def __init__(self, outputs: Sequence[Path], prefix: str) -> None:
        self.sources: dict[str, LocalFile] = {}
        self.skipped: list[Skipped] = []
        self.results: list[Path] = []
        self._left_out = frozenset(map(os.path.realpath, outputs))
        self._prefix = key_of(prefix)
        self._seen: set[str] = set()
        self._found = 0

    def add(self, path: Path) -> None:
        """Take a path that a person has named."""
        if os.path.realpath(path) in self._left_out:
            raise UsageError(
                f"{_shown(path)} is to be read and to be written to. Choose another place for the results."
            )
        if not os.path.lexists(path):
            raise _missing(path)
        if _holds_results(path):
            raise UsageError(
                f"{_shown(path)} holds results of `darkroom run`, as its file {RESULTS_MARKER} says.\n"
                "Name the files or folders in it that are meant, or delete that file."
            )
        before = self._found
        self._visit(path, path.parent, ())
        if path in self.results:
            raise UsageError(f"{_shown(path)} is a contact sheet of `darkroom run`. Leave it out.")
        if self._found == before and os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises where it may not look
            raise UsageError(
                f"The folder {_shown(path)} holds no files (hidden ones are left out). Give one with images."
            )

    def _visit(self, path: Path, root: Path, ancestors: tuple[tuple[int, int], ...]) -> None:
        try:
            status = path.stat()
            if stat.S_ISDIR(status.st_mode):
                self._visit_folder(path, root if ancestors else path, ancestors, (status.st_dev, status.st_ino))
            elif stat.S_ISREG(status.st_mode):
                self._take(path, key_of(path.relative_to(root).as_posix()))
            else:
                self._skip(path, "is neither a file nor a folder")
        except FileNotFoundError:
            self._skip(path, "is a link to nothing" if path.is_symlink() else "is gone")
        except OSError as error:
            self._skip(path, f"cannot be read: {error.strerror}")

    def _visit_folder(
        self, folder: Path, root: Path, ancestors: tuple[tuple[int, int], ...], identity: tuple[int, int]
    ) -> None:
        if identity in ancestors:  # a link to a folder that holds it
            return
        if _holds_results(folder):
            self.results.append(folder)
            return
        for path in sorted(path for path in folder.iterdir() if not path.name.startswith(".")):
            if os.path.realpath(path) not in self._left_out:
                self._visit(path, root, (*ancestors, identity))

    def _take(self, path: Path, name: str) -> None:
        place = os.path.abspath(path)  # noqa: PTH100 - Path.absolute keeps `..`
        self._found += 1
        if place in self._seen:
            return
        key = self._prefix + name
        length = len(key.encode())
        if length > MAX_KEY_BYTES:
            self._skip(path, f"would have a key of {length} bytes, and S3 allows {MAX_KEY_BYTES}")
        elif not os.access(path, os.R_OK):
            self._skip(path, "cannot be read: permission denied")
        elif _is_contact_sheet(path):
            self.results.append(path)
        else:
            self._seen.add(place)
            self._keep(LocalFile(path, key))

    def _keep(self, source: LocalFile) -> None:
        owner = self.sources.setdefault(source.key, source)
        if not owner.path.samefile(source.path):
            raise UsageError(
                f"{_shown(owner.path)} and {_shown(source.path)} would both be uploaded as {source.key!r}.\n"
                "Give the folder that holds both, or run them one after the other."
            )

    def _skip(self, path: Path, reason: str) -> None:
        self._found += 1
        skipped = Skipped(path, reason)
        if skipped not in self.skipped:
            self.skipped.append(skipped)


def _holds_results(folder: Path) -> bool:
    return os.path.exists(folder / RESULTS_MARKER)  # noqa: PTH110 - Path.exists raises where it may not look


def _is_contact_sheet(path: Path) -> bool:
    if path.suffix.lower() not in {".html", ".htm"}:
        return False
    with path.open("rb") as file:
        return SHEET_MARKER in file.read(_HEAD_BYTES)


def _missing(path: Path) -> UsageError:
    if scheme := _URL.match(str(path)):
        url = f"{scheme[1]}//{str(path)[scheme.end() :]}"
        return UsageError(f"{url!r} is a URL, and only files and folders of this machine are taken. Fetch it first.")
    return UsageError(f"{_shown(path)} does not exist. Check the path.")


def _shown(path: Path) -> str:
    return repr(str(path))
