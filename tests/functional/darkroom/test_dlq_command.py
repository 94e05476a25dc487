"""`darkroom dlq` says so where it has not looked at every letter."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from darkroom.cli.commands import dlq
from darkroom.dlq.queue import DeadLetterQueue
from darkroom.pipeline.client import Pipeline


def send(pipeline: Pipeline, count: int) -> None:
    for number in range(count):
        pipeline.client("sqs").send_message(QueueUrl=pipeline.dead_letter_queue_url, MessageBody=f"letter {number}")


@pytest.fixture
def run(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run `darkroom dlq` with these arguments."""
    monkeypatch.setattr(dlq, "find_target", lambda **_: pipeline)

    def invoke(*arguments: str) -> Result:
        result = CliRunner().invoke(dlq.app, arguments)
        assert result.exit_code == 0, result.output
        return result

    return invoke


def test_all_letters_are_told_without_a_remark(pipeline: Pipeline, run: Any) -> None:
    send(pipeline, 3)

    told = run("list", "--json")

    assert len(told.stdout.splitlines()) == 3
    assert told.stderr == ""
    assert {json.loads(line)["attempts"] for line in told.stdout.splitlines()} == {None}  # there is no log


def test_of_more_than_the_limit_it_says_how_many_were_looked_at(pipeline: Pipeline, run: Any) -> None:
    send(pipeline, 12)

    told = run("list", "--json", "--limit", "5")

    assert len(told.stdout.splitlines()) == 5
    assert told.stderr == "darkroom: 5 of about 12 dead letters were looked at. Read more with --limit.\n"


def test_letters_that_somebody_else_looks_at_are_not_taken_for_none(pipeline: Pipeline, run: Any) -> None:
    send(pipeline, 4)

    with DeadLetterQueue(pipeline).receiving() as received:
        received.receive(4)
        told = run("list")

    assert "There are no dead letters" not in told.output
    assert "about 4 dead letters more cannot be read now" in told.stderr


def test_an_empty_queue_is_told(run: Any) -> None:
    assert run("list").stdout == "There are no dead letters.\n"
    assert run("discard", "--all").stdout == "There are no such dead letters: nothing was discarded.\n"


@pytest.mark.parametrize("arguments", [("discard", "--all", "--yes"), ("redrive", "--reason", "unknown")])
def test_what_was_not_looked_at_is_told_by_every_command_that_chooses(
    pipeline: Pipeline, run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(dlq, "_MOST", 10)
    send(pipeline, 25)

    told = run(*arguments)

    assert "10 of about 25 dead letters were looked at." in told.stderr
    assert DeadLetterQueue(pipeline).count() == 15
