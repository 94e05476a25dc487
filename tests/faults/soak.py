"""Uploads and deletions by the thousand under faults of every kind: in the end each must be accounted for.

Run by `make soak`, or as `python tests/faults/soak.py --uploads 2000 --keys 500 --seed 1`.
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Annotated, TypeAlias

import typer
from PIL import Image
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from contract.manifest import Outcome
from contract.message_body import parse_body
from darkroom.local.local_pipeline import ASSEMBLIES
from darkroom.local.synthesis import local_overrides, synthesize
from support.aws.chaos import Chaos
from support.command.convergence import assert_converged
from support.command.polling import eventually
from support.function.faulty import SETTINGS, Faulty, ended_jobs, faulty_pipeline
from support.imaging.images import encoded
from support.imaging.pictures import jpeg

COLORS = ("red", "lime", "blue", "white", "black", "cyan", "magenta", "yellow")
OUTCOMES = (*(outcome.value for outcome in Outcome), "dead letter")

# Long enough for a batch in which some jobs meet silence; a batch that was killed comes back after the latter.
FUNCTION_SECONDS = 60
RETRY_SECONDS = 3

_MOST_WAITING = 40
_LOOK_SECONDS = 0.25
_QUIET_LOOKS = 8
_BROKEN_SHARE = 0.05
_DELETED_SHARE = 0.1
_RESTORED_SHARE = 0.05

# One version of one key, or a delete marker of it; all of a key's where its events name none.
Version: TypeAlias = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class Event:
    """One event of S3: the same version may have two, that of its making and that of its removal."""

    key: str
    version_id: str | None
    sequencer: str

    @property
    def version(self) -> Version:
        return self.key, self.version_id


@dataclass
class Traffic:
    """What was done to the uploads bucket: the events that S3 must have sent, by version.

    Which of them are broken and which are good is known where they name their version. Where they do not, a job takes
    what is current for its own, and only the last of a key is judged, by the derived bucket.
    """

    sent: Counter[Version] = field(default_factory=Counter)
    broken: set[Version] = field(default_factory=set)
    good: set[Version] = field(default_factory=set)


@dataclass(frozen=True, kw_only=True)
class Account:
    """How every event ended: its outcome, or "dead letter" if it has none and its message is one."""

    traffic: Traffic
    endings: Mapping[Event, str]
    repeated: int
    dead_though_done: int

    @property
    def missing(self) -> Counter[Version]:
        """The versions with fewer endings than events."""
        return self.traffic.sent - self._ended

    @property
    def unexplained(self) -> Counter[Version]:
        """The versions with more endings than events."""
        return self._ended - self.traffic.sent

    @property
    def misjudged(self) -> list[Event]:
        """Broken images that were resized, and good ones that were rejected."""
        wrong = {Outcome.RESIZED.value: self.traffic.broken, Outcome.REJECTED.value: self.traffic.good}
        return [event for event, ending in self.endings.items() if event.version in wrong.get(ending, ())]

    @property
    def adds_up(self) -> bool:
        """Whether every event ended in exactly one way, and the right one."""
        return not (self.missing or self.unexplained or self.misjudged)

    @property
    def _ended(self) -> Counter[Version]:
        return Counter(event.version for event in self.endings)


def soak(
    faulty: Faulty, *, uploads: int, keys: int, seed: int, progress: Callable[[], object]
) -> tuple[Account, Chaos]:
    """Upload and delete while everything fails; then send the dead letters again, with nothing failing any more.

    `progress` is told of each upload. The account is of the time before the dead letters are sent again; afterwards no
    job is left, and the derived bucket must be right.
    """
    chaos = Chaos(Random(f"faults {seed}"), faulty.kill_workers)  # noqa: S311 - repeatable, and no secret
    faulty.retry_after(RETRY_SECONDS)
    faulty.proxy.otherwise = chaos
    traffic = _drive(faulty, Random(f"traffic {seed}"), uploads, keys, progress)  # noqa: S311 - the same
    _wait_until_quiet(faulty, _patience(uploads))
    faulty.proxy.forget()
    chaos.end()
    messages = faulty.dead_letters()
    account = _account(faulty, traffic, messages)
    faulty.send(*messages)
    _wait_until_quiet(faulty, _patience(uploads))
    return account, chaos


def print_table(console: Console, account: Account, chaos: Chaos) -> None:
    """Print how the events ended, and which faults they met."""
    endings = Counter(account.endings.values())
    table = Table("", "count", title=f"{sum(account.traffic.sent.values())} events of S3")
    for ending in OUTCOMES:
        table.add_row(ending, str(endings[ending]))
    table.add_row("in all", str(sum(endings.values())), end_section=True)
    table.add_row("deliveries of jobs already done", str(account.repeated))
    table.add_row("dead letters of jobs already done", str(account.dead_though_done), end_section=True)
    for name, count in chaos.counts.most_common():
        table.add_row(name, str(count))
    console.print(table)
    for what, found in (
        ("without an ending", account.missing),
        ("with an ending too many", account.unexplained),
        ("misjudged", account.misjudged),
    ):
        if found:
            console.print(f"[bold red]{len(found)} {what}:[/]", escape(str(list(found)[:20])))


def main(
    uploads: Annotated[int, typer.Option(min=1)] = 2000,
    keys: Annotated[int, typer.Option(min=1)] = 500,
    seed: int = 1,
) -> None:
    """Soak the pipeline, print what became of every event, and end with 1 if that does not add up."""
    console = Console()
    with tempfile.TemporaryDirectory(prefix="darkroom-soak-") as folder:
        assembly = synthesize(local_overrides() | SETTINGS, ASSEMBLIES)
        with (
            faulty_pipeline(assembly, Path(folder) / "emulator.log", function_seconds=FUNCTION_SECONDS) as faulty,
            Progress(console=console) as bar,
        ):
            task = bar.add_task("uploads", total=uploads)
            account, chaos = soak(faulty, uploads=uploads, keys=keys, seed=seed, progress=lambda: bar.advance(task))
            bar.stop()
            print_table(console, account, chaos)
            is_right = _has_converged(faulty, console)
    sys.exit(0 if account.adds_up and is_right else 1)


def _has_converged(faulty: Faulty, console: Console) -> bool:
    try:
        assert_converged(faulty.pipeline)
    except AssertionError as error:
        console.print("[bold red]The derived bucket is not what the uploads bucket says:[/]", escape(str(error)))
        return False
    return True


def _drive(faulty: Faulty, random: Random, uploads: int, keys: int, progress: Callable[[], object]) -> Traffic:
    """Do what users do, as fast as the pipeline follows."""
    traffic = Traffic(sent=faulty.sent)
    markers: dict[str, str] = {}
    live: set[str] = set()
    images = [jpeg(color=color) for color in COLORS] + [_png(color) for color in COLORS]
    broken = [b"no image", jpeg()[:300], b""]
    for number in range(uploads):
        if number % 10 == 0:
            eventually(lambda: faulty.waiting() < _MOST_WAITING, seconds=_patience(uploads), every=_LOOK_SECONDS)
        name = f"{random.randrange(keys)}"
        is_broken = random.random() < _BROKEN_SHARE
        version = faulty.upload(name, random.choice(broken if is_broken else images))
        if faulty.kind.tells_versions:
            (traffic.broken if is_broken else traffic.good).add((faulty.key(name), version))
        live.add(name)
        markers.pop(name, None)
        if random.random() < _DELETED_SHARE:
            gone = random.choice(sorted(live))
            live.remove(gone)
            markers[gone] = faulty.delete(gone)
        if faulty.kind.is_versioned and markers and random.random() < _RESTORED_SHARE:
            back = random.choice(sorted(markers))
            faulty.restore(back, markers.pop(back))
            live.add(back)
        progress()
    return traffic


def _wait_until_quiet(faulty: Faulty, seconds: float) -> None:
    """Wait until the jobs queue was empty for some looks in a row: S3 sends its events a moment after it has answered.

    Waiting for every event to end would wait forever for one that is lost, and finding that is what a soak is for.
    """
    looks = 0

    def is_quiet() -> bool:
        nonlocal looks
        looks = looks + 1 if faulty.is_idle() else 0
        return looks == _QUIET_LOOKS

    eventually(is_quiet, seconds=seconds, every=_LOOK_SECONDS)


def _account(faulty: Faulty, traffic: Traffic, messages: list[str]) -> Account:
    lines = [line for line in ended_jobs(faulty.pipeline) if line["key"].startswith(faulty.folder)]
    endings: dict[Event, str] = {}
    for line in sorted(lines, key=lambda line: line["repeated"]):
        endings.setdefault(Event(line["key"], line["version"], line["sequencer"]), line["outcome"])
    dead = set(_events(messages))
    return Account(
        traffic=traffic,
        endings={**dict.fromkeys(dead, "dead letter"), **endings},
        repeated=sum(line["repeated"] for line in lines),
        dead_though_done=len(dead & set(endings)),
    )


def _events(messages: list[str]) -> Iterator[Event]:
    for message in messages:
        for upload in parse_body(message):
            yield Event(upload.key, upload.version_id, upload.sequencer)


def _png(color: str) -> bytes:
    return encoded(Image.new("RGB", (64, 48), color))


def _patience(uploads: int) -> float:
    """Far longer than it takes, in seconds: what waits so long waits forever."""
    return 120 + uploads


if __name__ == "__main__":
    typer.run(main)
