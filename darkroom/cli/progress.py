"""Progress bars and steps on standard error."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import TransferSpeedColumn as Speed

from darkroom.text import printable
from darkroom.uploads.local_files import LocalFile

_Item = TypeVar("_Item")

_NAME_CHARACTERS = 40


class UploadProgress:
    """The bars. Every method may be called from any thread."""

    def __init__(self, progress: Progress, sources: Sequence[LocalFile]) -> None:
        self._progress = progress
        self._bytes = {source.key: _size(source) for source in sources}
        self._tasks: dict[str, TaskID] = {}
        self._sent: dict[str, int] = {}
        self._all = progress.add_task(f"{len(sources):,} files", total=sum(self._bytes.values()))

    def begin(self, source: LocalFile) -> None:
        """Show a bar for a file."""
        self._sent[source.key] = 0
        self._tasks[source.key] = self._progress.add_task(_short(source.key), total=self._bytes[source.key])

    def advance(self, source: LocalFile, count: int) -> None:
        """Move its bar and that of all."""
        self._sent[source.key] += count
        self._progress.advance(self._tasks[source.key], count)
        self._progress.advance(self._all, count)

    def end(self, source: LocalFile) -> None:
        """Take its bar away; what was not sent, because it was there, counts as well."""
        self._progress.advance(self._all, self._bytes[source.key] - self._sent.pop(source.key))
        self._progress.remove_task(self._tasks.pop(source.key))


@contextmanager
def upload_progress(sources: Sequence[LocalFile], *, shown: bool) -> Iterator[UploadProgress]:
    """Show bars on standard error while files are uploaded, and nothing after."""
    progress = _progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        Speed(),
        TimeRemainingColumn(),
        shown=shown,
    )
    with progress:
        yield UploadProgress(progress, sources)


def _progress(*columns: ProgressColumn, shown: bool) -> Progress:
    """Make a display that is gone once the work is done."""
    return Progress(
        *columns,
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=False,  # what goes to standard output stays there
        redirect_stderr=False,
        disable=not shown,
    )


def _size(source: LocalFile) -> int:
    """Its bytes; 0 where it is gone by now, which the upload will tell."""
    try:
        return source.path.stat().st_size
    except OSError:
        return 0


def _short(key: str) -> str:
    text = printable(key)
    return text if len(text) <= _NAME_CHARACTERS else f"…{text[1 - _NAME_CHARACTERS :]}"


class Steps:
    """What is being done now, shown to a person who waits."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None)

    def begin(self, what: str, total: int | None = None) -> None:
        """Begin the next step, of so many items where that is known."""
        self._progress.reset(self._task, description=what, total=total)

    def follow(self, what: str, total: int, items: Iterable[_Item]) -> Iterator[_Item]:
        """Begin the next step, and count its items as they pass."""
        self.begin(what, total)
        for item in items:
            self._progress.advance(self._task)
            yield item

    def count(self, what: str, total: int, counts: Iterable[int]) -> Iterator[int]:
        """Begin the next step, whose items pass several at a time: so many with each."""
        self.begin(what, total)
        for several in counts:
            self._progress.advance(self._task, several)
            yield several


@contextmanager
def steps(*, shown: bool) -> Iterator[Steps]:
    """Show a line of progress on standard error while the work lasts.

    Nothing of it stays.
    """
    progress = _progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        shown=shown,
    )
    with progress:
        yield Steps(progress)
