"""What a person is told whose command line cannot be, before anything is started."""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from darkroom.cli.main import main

COMMANDS = (
    *("run", "up", "upload", "status", "show", "url", "link", "console", "backfill", "doctor"),
    *("dlq list", "dlq show", "dlq redrive", "dlq discard", "events tail", "events lag", "events replay"),
    *("events backfill", "events verify", "events dlq"),
)


@pytest.fixture(autouse=True)
def nothing_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Work in an empty folder, without a network, and leave the process as it was."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("started something")

    terminated = signal.getsignal(signal.SIGTERM)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))  # where no pipeline runs
    monkeypatch.setattr("subprocess.Popen.__init__", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    yield
    signal.signal(signal.SIGTERM, terminated)


def darkroom(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run the command in this process; the answer is its exit status."""
    monkeypatch.setattr(sys, "argv", ["darkroom", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    return int(str(end.value.code))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run"], "Error: Missing argument 'PATH'."),
        (
            ["events", "tail"],
            "No event log is up here. Start `darkroom up --log kafka`, or give --bootstrap or --client.",
        ),
        (["events", "tail", "--from", "noon"], "--from 'noon' cannot be. Give beginning, end, 2026-11-26T08:00:00Z"),
        (["events", "tail", "--client", "no.txt"], "--client: no.txt cannot be read: "),
        (["events", "replay", "--to", "end"], "Error: Missing option '--group'."),
        (["events", "replay", "--group", "g", "--to", "99999999999999d"], "--to '99999999999999d' cannot be."),
        (["up", "--log", "rabbit"], "darkroom: --log 'rabbit' cannot be: no such log runs here. Give kafka or memory."),
        (
            ["run", "tom.jpg", "--variants", "typo.json"],
            "quality, effort, enlarge; the nearest is 'width'",
        ),
        (
            ["run", "tom.jpg", "--out", "own"],
            "--out 'own' holds other files, 'mine.jpg' among them: they would be taken",
        ),
        (["run", "--", "-dash.jpg", "--out", "x"], "Behind -- every word is a path: put options before it."),
        (["run", "missing.jpg"], "'missing.jpg' does not exist. Check the path."),
        (["run", "\x1b[2J.jpg"], "'\\x1b[2J.jpg' does not exist. Check the path."),
        (["run", "empty"], "The folder 'empty' holds no files (hidden ones are left out). Give one with images."),
        (["run", "tom.jpg", "--timeout", "0"], "--timeout '0' cannot be. Give a whole number from 1 to 1,000,000."),
        (["run", "tom.jpg", "--timeout", "1.5"], "--timeout '1.5' cannot be. Give a whole number from 1 to 1,000,000."),
        (["run", "tom.jpg", "--out", "tom.jpg"], "'tom.jpg' is to be read and to be written to. Choose another place"),
        (["run", "tom.jpg", "--contact-sheet", "empty"], "--contact-sheet 'empty' is a folder. Name a file in it."),
        (
            ["run", "tom.jpg", "--variants", "no.json"],
            "--variants 'no.json' cannot be read: No such file or directory.",
        ),
        (["run", "tom.jpg", "--variants", "bad.json"], "--variants 'bad.json': variants.a.quality: 101 is not allowed"),
        (["run", "tom.jpg", "--endpoint-url", "localhost:99"], "--endpoint-url 'localhost:99' is no URL of a server."),
        (["run", "tom.jpg", "--endpoint-url", "http://a:b"], "--endpoint-url 'http://a:b' is no URL of a server."),
        (["run", "tom.jpg", "--color"], "Error: No such option: --color"),
        (["up", "--port", "70000"], "--port '70000' cannot be. Give a whole number from 1 to 65,535."),
        (["up", "--port", "-1"], "--port '-1' cannot be. Give a whole number from 1 to 65,535."),
        (["dlq", "list"], "No pipeline runs on this machine. Start `darkroom up`"),
        (["dlq", "list", "--limit", "10001"], "--limit '10001' cannot be. Give a whole number from 1 to 10,000."),
        (["dlq", "redrive"], "Say which letters in one way: their ids, --reason CODE or --all."),
        (["dlq", "redrive", "6f1c", "--all"], "Say which letters in one way: their ids, --reason CODE or --all."),
        (["dlq", "redrive", "--all", "--rate", "501"], "--rate '501' cannot be. Give a whole number from 1 to 500."),
        (["dlq", "discard", "--reason", "x", "--all"], "Say which letters in one way"),
        (["backfill", "--all", "--missing", "thumb"], "--all takes everything; leave --missing, --older-than and"),
        (
            ["backfill", "--all", "--format", "tiff"],
            "--all takes everything; leave --missing, --older-than and --format",
        ),
        (["backfill", "--orphans", "--format", "tiff"], "--orphans goes through the manifests"),
        (
            ["backfill", "--format", "tiff,raw"],
            "--format 'tiff,raw' cannot be: 'raw' is none of jpeg, png, webp, gif, tiff",
        ),
        (["backfill", "--format", ""], "--format '' cannot be: '' is none of jpeg"),
        (["backfill", "--orphans", "--all"], "--orphans goes through the manifests: of the options that choose, it"),
        (["backfill", "--older-than", "month"], "--older-than 'month' cannot be. Write it like 30s, 15m, 2h or 7d"),
        (["doctor", "-c", "memory_mb"], "-c 'memory_mb' is no setting and its value. Write it like memory_mb=3008."),
        (["doctor", "--endpoint-url", "4566"], "--endpoint-url '4566' is no URL of a server. Write it like http://"),
        (["run", "tom.jpg", "-c", "engine=gimp"], "-c engine=gimp: engine: 'gimp' is not allowed; expected one of"),
        (["up", "-c", "memory"], "-c 'memory' is no setting and its value. Write it like memory_mb=3008."),
        (["up", "--variants", "bad.json"], "--variants 'bad.json': variants.a.quality: 101 is not allowed"),
        (["console", "--port", "0"], "--port '0' cannot be. Give a whole number from 1 to 65,535."),
        (["events", "backfill"], "No pipeline runs on this machine. Start `darkroom up`"),
        (["events", "backfill", "--rate", "0"], "--rate '0' cannot be. Give a whole number from 1 to 3,000."),
        (["events", "verify"], "Error: Missing argument 'FILE'."),
        (["events", "dlq", "--limit", "0"], "--limit '0' cannot be. Give a whole number from 1 to 10,000."),
        (["console"], "No pipeline runs on this machine. Start `darkroom up` in another terminal"),
        (["down"], "Error: No such command 'down'."),
        (["upload"], "Error: Missing argument 'PATH'."),
        (
            ["upload", "https://example.com/cat.jpg"],
            "'https://example.com/cat.jpg' is a URL, and only files and folders of this machine are taken.",
        ),
        (["upload", "tom.jpg", "--focus", "2,0"], "--focus: '2,0' is no focal point; expected two numbers from 0 to 1"),
        (["upload", "missing.jpg"], "'missing.jpg' does not exist. Check the path."),
        (["upload", "tom.jpg", "--prefix", "p" * 1020], "would have a key of 1027 bytes, and S3 allows 1024."),
        (["upload", "tom.jpg"], "No pipeline runs on this machine. Start `darkroom up` in another terminal"),
        (["status"], "No pipeline runs on this machine. Start `darkroom up` in another terminal"),
        (["status", "--local", "--stack", "Prod"], "--local and --stack 'Prod' name two pipelines. Leave one out."),
        (["show"], "Error: Missing argument 'KEY'."),
        (["show", ""], "'' has 0 bytes, and every key has 1 to 1024. Check the key."),
        (["show", "a\udce9"], "'a\\xe9' is not UTF-8, as every key is. A file of that name has the key 'a%E9'."),
        (["backfill", "--prefix", "a\udce9"], "--prefix 'a\\xe9' is not UTF-8, as every key is. A file of that name"),
        (["adopt", "photos", "--prefix", "p" * 1025], "has 1025 bytes, and a key has 1024 at most. Shorten it."),
        (["link", "--expires", "8d"], "--expires '8d' cannot be. Write it like 30s, 15m, 2h or 7d; 7d at most."),
        (["link", "--expires", "soon"], "--expires 'soon' cannot be. Write it like 30s, 15m, 2h or 7d; 7d at most."),
        (
            ["link", "--max-bytes", "6GB"],
            "--max-bytes '6GB' cannot be. Write it like 2000000, 5MB or 1.5MiB; 5,368,",
        ),
        (["link", "--key", "a", "--prefix", "b"], "--key 'a' and --prefix 'b' say two things. Leave one out."),
        (["link", "--key", ""], "--key '' has 0 bytes. Give it 1 to 1024."),
        (["link", "--prefix", "a/${filename}"], "--prefix 'a/${filename}' holds ${filename}."),
    ],
)
def test_wrong_usage_is_named_with_what_to_do_and_nothing_is_started(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("tom.jpg").write_bytes(b"x")
    Path("empty").mkdir()
    Path("own").mkdir()
    Path("own/mine.jpg").write_bytes(b"x")
    Path("typo.json").write_text('{"a": {"widht": 320}}')
    Path("bad.json").write_text('{"a": {"width": 1, "quality": 101}}')

    status = darkroom(monkeypatch, *arguments)

    captured = capsys.readouterr()
    assert (status, captured.out) == (2, "")
    assert told in captured.err
    assert "Traceback" not in captured.err


@pytest.mark.parametrize("arguments", [["show", "cat.jpg"], ["dlq", "list"], ["link"], ["console"], ["events", "dlq"]])
def test_a_command_that_is_stopped_before_it_did_anything_says_so(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("darkroom.cli.target.running_pipelines", interrupted)

    status = darkroom(monkeypatch, *arguments)

    assert (status, capsys.readouterr()) == (130, ("", "darkroom: stopped. Nothing was changed.\n"))


def test_a_port_in_use_is_named(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        status = darkroom(monkeypatch, "up", "--port", str(port))

    assert status == 2
    assert capsys.readouterr().err == (
        f"darkroom: Port {port} is in use on 127.0.0.1. Stop what listens there, or choose another port.\n"
    )


def test_an_endpoint_where_nothing_answers_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", refuse)
    Path("tom.jpg").write_bytes(b"x")

    status = darkroom(monkeypatch, "run", "tom.jpg", "--endpoint-url", "http://127.0.0.1:4566")

    assert status == 2
    assert capsys.readouterr().err == (
        "darkroom: Nothing answers at http://127.0.0.1:4566. Start `darkroom up`, or leave --endpoint-url out.\n"
    )


@pytest.mark.parametrize("arguments", [["--help"], *([*command.split(), "--help"] for command in COMMANDS)])
def test_help_has_worked_examples(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    status = darkroom(monkeypatch, *arguments)

    assert status == 0
    assert "Examples:\n    darkroom " in capsys.readouterr().out


def test_every_command_of_a_stack_takes_an_endpoint_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    helps = {}
    for command in COMMANDS:
        darkroom(monkeypatch, *command.split(), "--help")
        helps[command] = capsys.readouterr().out

    of_a_stack = {command for command, text in helps.items() if "--stack " in text}
    of_the_log = {"events tail", "events lag", "events replay"}
    assert of_a_stack == {command for command in COMMANDS if command not in {"run", "up"} | of_the_log}
    assert {command for command, text in helps.items() if "--endpoint-url URL" in text} == of_a_stack | {"run"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_the_names_of_commands(
    shell: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_DARKROOM_COMPLETE", f"complete_{shell}")
    monkeypatch.setenv("COMP_WORDS", "darkroom s")
    monkeypatch.setenv("COMP_CWORD", "1")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", "darkroom s")
    monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")

    status = darkroom(monkeypatch)

    told = capsys.readouterr().out
    assert status == 0
    assert {command for command in ("run", "status", "show", "link") if command in told} == {"status", "show"}


def test_the_version_is_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert darkroom(monkeypatch, "--version") == 0
    assert capsys.readouterr().out.startswith("darkroom 0.")


def test_terminated_the_command_ends_as_shells_expect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("darkroom.cli.main.app", lambda: os.kill(os.getpid(), signal.SIGTERM))

    assert darkroom(monkeypatch) == 128 + signal.SIGTERM


def test_what_is_wrong_is_not_told_behind_a_list_of_what_is_skipped(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("album").mkdir()
    Path("album/tom.jpg").write_bytes(b"x")
    Path("album/gone.jpg").symlink_to("nowhere")

    for wrong in (["run", "album", "-c", "memory_mb=1"], ["upload", "album", "--local", "--stack", "Prod"]):
        assert darkroom(monkeypatch, *wrong) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1
