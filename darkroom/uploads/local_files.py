"""Find the files to upload, and their keys."""

import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from contract.keys import MAX_KEY_BYTES
from darkroom.errors import UsageError
from darkroom.uploads.results_folder import RESULTS_MARKER, holds_results, is_contact_sheet

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

    @property
    def renamed(self) -> tuple[LocalFile, ...]:
        """The files whose names are not UTF-8, as every key is."""
        return tuple(each for each in self.sources if not _is_utf8(str(each.path)))


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
        raise UsageError(_nothing_left(search.skipped))
    return Selection(tuple(search.sources.values()), tuple(search.skipped), tuple(search.results))


def key_of(name: str) -> str:
    """Turn a relative file name into a key.

    S3's keys are UTF-8, so bytes that are not are percent-encoded.
    """
    return "".join(
        f"%{ord(character) - 0xDC00:02X}" if "\udc80" <= character <= "\udcff" else character for character in name
    )


def _is_utf8(name: str) -> bool:
    return not any("\udc80" <= character <= "\udcff" for character in name)


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
        if holds_results(path):
            raise UsageError(
                f"{_shown(path)} holds results of `darkroom run`, as its file {RESULTS_MARKER} says.\n"
                "Name the files or folders in it that are meant, or delete that file."
            )
        before = self._found
        self._visit(path, path.parent, ())
        if path in self.results:
            raise UsageError(f"{_shown(path)} is a contact sheet of `darkroom run`. Leave it out.")
        if self._found == before and os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises where it may not look
            passed = [each for each in self.results if path in each.parents]
            but = f" but results of earlier runs, {_shown(passed[0])} among them" if passed else ""
            raise UsageError(
                f"The folder {_shown(path)} holds no files{but} (hidden ones are left out). Give one with images."
            )

    def _visit(self, path: Path, root: Path, ancestors: tuple[tuple[int, int], ...]) -> None:
        try:
            status = path.stat()
            if stat.S_ISDIR(status.st_mode):
                self._visit_folder(path, root if ancestors else path, ancestors, (status.st_dev, status.st_ino))
            elif stat.S_ISREG(status.st_mode):
                self._take(path, key_of(path.relative_to(root).as_posix()))
            else:
                self._skip(path, f"is {_kind(status.st_mode)}, neither a file nor a folder")
        except FileNotFoundError:
            self._skip(path, "is a link to nothing" if path.is_symlink() else "is gone")
        except OSError as error:
            self._skip(path, f"cannot be read: {error.strerror}")

    def _visit_folder(
        self, folder: Path, root: Path, ancestors: tuple[tuple[int, int], ...], identity: tuple[int, int]
    ) -> None:
        if identity in ancestors:  # a link to a folder that holds it
            return
        if holds_results(folder):
            self.results.append(folder)
            return
        for path in sorted(path for path in folder.iterdir() if not path.name.startswith(".")):
            if os.path.realpath(path) not in self._left_out or holds_results(path):
                self._visit(path, root, (*ancestors, identity))

    def _take(self, path: Path, name: str) -> None:
        place = os.path.abspath(path)  # noqa: PTH100 - Path.absolute keeps `..`
        if place in self._seen:
            self._found += 1
            return
        key = self._prefix + name
        length = len(key.encode())
        if length > MAX_KEY_BYTES:
            self._skip(path, f"would have a key of {length} bytes, and S3 allows {MAX_KEY_BYTES}")
        elif not os.access(path, os.R_OK):
            self._skip(path, "cannot be read: permission denied")
        elif is_contact_sheet(path):
            self.results.append(path)
        else:
            self._found += 1
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


def _nothing_left(skipped: Sequence[Skipped]) -> str:
    reasons = [f"{_shown(each.path)} {each.reason}." for each in skipped]
    if len(reasons) == 1:
        return f"{reasons[0]} Nothing else was found: give an image, or a folder of images."
    return "\n".join(["None of these files can be uploaded:", *reasons])


def _kind(mode: int) -> str:
    kinds = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}
    return kinds.get(stat.S_IFMT(mode), "something else")


def _missing(path: Path) -> UsageError:
    if scheme := _URL.match(str(path)):
        url = f"{scheme[1]}//{str(path)[scheme.end() :]}"
        return UsageError(f"{url!r} is a URL, and only files and folders of this machine are taken. Fetch it first.")
    hint = " Behind -- every word is a path: put options before it." if str(path).startswith("-") else ""
    return UsageError(f"{_shown(path)} does not exist. Check the path.{hint}")


def _shown(path: Path) -> str:
    return repr(str(path))
