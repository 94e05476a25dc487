"""What docs/events.md shows works as it stands, on a real log: its readers, and its ten minutes from end to end."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from darkroom.event_log.installation import Installation
from support.command.program import marked, running
from support.events.event_log import Log
from support.events.java_tools import JavaTools, java_tools
from support.events.outcome_events import event
from support.events.reader_programs import PROJECT

PAGE = (PROJECT / "docs" / "events.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def tools(kafka: Installation) -> JavaTools:
    return java_tools(kafka)


def block(language: str) -> str:
    """The one block of a language under "Read it"."""
    (section,) = re.findall(r"^## Read it\n(.*?)^## ", PAGE, re.MULTILINE | re.DOTALL)
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    return str(found)


def tour() -> list[str]:
    """What is typed in the second terminal of the ten minutes."""
    (section,) = re.findall(r"^## In ten minutes\n(.*?)^## ", PAGE, re.MULTILINE | re.DOTALL)
    first, *others = re.findall(r"^```sh\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    assert first == "make setup\n.venv/bin/darkroom up --log kafka\n"
    return [line for block in others for line in block.splitlines()]


def at(log: Log, text: str) -> str:
    """A text of the page, for a log of a test and a group that nobody else reads in."""
    there = {"127.0.0.1:9092": log.bootstrap, "darkroom.images": log.topic, "my-index": f"my-{log.topic}"}
    for shown, used in there.items():
        assert shown in text or shown == "my-index"
        text = text.replace(shown, used)
    return text


def printed(command: list[str], lines: int, folder: Path) -> list[str]:
    """Run a reader, which never ends by itself, until it has printed so many lines."""
    environment = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as reader:
        try:
            assert reader.stdout is not None
            return [reader.stdout.readline().rstrip("\n") for _ in range(lines)]
        finally:
            reader.kill()


@pytest.fixture
def written(log: Log) -> list[dict[str, object]]:
    """Three events that are in the log, sorted by key."""
    events = [event(f"{name}.jpg") for name in ("a", "b", "c")]
    log.write(events)
    return events


def test_the_reader_in_python_prints_every_event(log: Log, written: list[dict[str, object]], tmp_path: Path) -> None:
    found = printed([sys.executable, "-c", at(log, block("python"))], len(written), tmp_path)

    assert sorted(found) == [
        f"io.darkroom.image.resized.v1 {each['subject']} thumb/{each['subject']}.webp 160w" for each in written
    ]


def test_the_reader_in_java_prints_every_event(
    log: Log, written: list[dict[str, object]], tools: JavaTools, tmp_path: Path
) -> None:
    source = tmp_path / "Outcomes.java"
    source.write_text(at(log, block("java")))

    found = printed(tools.compile(source), len(written), tmp_path)

    assert [line.split(" ", 1)[0] for line in sorted(found)] == [each["subject"] for each in written]
    assert [json.loads(line.split(" ", 1)[1]) for line in sorted(found)] == written


def test_the_console_consumer_prints_every_event(
    log: Log, written: list[dict[str, object]], tools: JavaTools, tmp_path: Path
) -> None:
    tools.console_consumer(tmp_path)

    found = printed(["sh", "-c", f"exec {at(log, block('sh'))}"], len(written), tmp_path)

    assert [line.split("\t")[0] for line in sorted(found)] == [each["subject"] for each in written]
    assert [json.loads(line.split("\t")[1]) for line in sorted(found)] == written


@pytest.mark.long
def test_the_ten_minutes_are_as_the_page_has_them(kafka: Installation, tmp_path: Path) -> None:
    """Line by line in one shell; after an upload it is waited for until what became of it is in the log."""
    assert kafka
    (tmp_path / ".venv").symlink_to(Path(sys.executable).parents[1])
    (tmp_path / "samples").symlink_to(PROJECT / "samples")
    count, script = len(list((PROJECT / "samples").iterdir())), []
    uploads = 0
    with running(tmp_path, "--log", "kafka") as (_, lines):
        address = next(line.split()[2] for line in lines if line.startswith("event log "))
        for line in tour():
            script += [line.replace("127.0.0.1:9092", address), f"echo 'status '$?' {line}'"]
            if " upload " in line:
                uploads += count
                told = ".venv/bin/darkroom events tail --from beginning --once | wc -l"
                script.append(f"until [ $({told}) -eq {uploads} ]; do :; done")
        shell = ["sh", "-c", "\n".join(script)]
        ended = subprocess.run(shell, cwd=tmp_path, env=marked(tmp_path), capture_output=True, text=True, check=False)

    assert [
        line for line in ended.stdout.splitlines() if re.match("status (?!0 )", line) and " upload " not in line
    ] == []
    read = re.findall(r"^(\d+) records read; uploads in the catalog: (\d+)$", ended.stdout, re.MULTILINE)
    assert [int(known) for _, known in read] == [count, uploads, uploads, uploads]
    assert [int(each) for each, _ in read][2:] == [uploads, uploads]
    lag = [int(each) for each in re.findall(r"^catalog: (\d+) to read, 0 reading$", ended.stdout, re.MULTILINE)]
    assert lag[0] >= count
    assert lag[1:] == [0]
