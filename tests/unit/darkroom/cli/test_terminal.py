"""What is done by the time that a person stops a command is told."""

import signal
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from darkroom.backfill.checkpoint import Checkpoint
from darkroom.backfill.selection import Decision
from darkroom.cli.commands import backfill, dlq, doctor, upload
from darkroom.cli.terminal import stopping_told, told_when_stopped
from darkroom.doctor.findings import Check, ok, warning
from darkroom.pipeline.deployed_config import Scope
from darkroom.uploads.local_files import LocalFile
from darkroom.uploads.upload import UploadedFile
from support.aws.deployments import deployed
from support.command.uploads import uploaded


def stopped_after(*items: Any) -> Iterator[Any]:
    """What is done, until Ctrl-C."""
    yield from items
    raise KeyboardInterrupt


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_what_is_done_is_told_on_standard_error_and_the_stop_goes_on(
    stop: type[BaseException], capsys: pytest.CaptureFixture[str]
) -> None:
    done: list[int] = []

    def work() -> None:
        with told_when_stopped(lambda: f"{len(done)} done, \x1b[2J."):
            done.extend((1, 2, 3))
            raise stop

    with pytest.raises(stop):
        work()

    assert capsys.readouterr() == ("", "darkroom: stopped. 3 done, \\x1b[2J.\n")


def test_of_a_command_and_a_part_of_it_the_part_alone_tells(capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        with told_when_stopped(lambda: "Nothing was changed."), told_when_stopped(lambda: "2 of 3 are done."):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()

    assert capsys.readouterr().err == "darkroom: stopped. 2 of 3 are done.\n"


def test_what_the_doctor_had_looked_at_is_counted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = [Check("Two", lambda: [ok("well"), warning("odd", "look")]), Check("Three", stopped_after)]
    monkeypatch.setattr(doctor, "find_target", lambda **_: deployed())
    monkeypatch.setattr(doctor, "synthesize", lambda *_: Path("assembly"))
    monkeypatch.setattr(doctor, "checks", lambda *_, **__: looked)

    with pytest.raises(KeyboardInterrupt):
        doctor.doctor()

    assert capsys.readouterr().err == (
        "darkroom: stopped. Looked at so far: 1 ok, 1 warning. If a test image was sent, it is deleted again.\n"
    )


def test_an_end_of_its_own_is_not_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="wrong"), told_when_stopped(lambda: "never"):
        raise ValueError("wrong")
    with told_when_stopped(lambda: "never"):
        pass

    assert capsys.readouterr() == ("", "")


def test_dead_letters_that_were_moved_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyboardInterrupt):
        dlq._do("Redriving", "were redriven", 40, stopped_after(10, 10))  # noqa: SLF001 - the part that every command of letters has

    assert capsys.readouterr().err == "darkroom: stopped. 20 of 40 dead letters were redriven.\n"


def upload_until(
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    sent: Callable[[Sequence[LocalFile]], Iterator[UploadedFile]],
    *,
    wait: bool,
) -> None:
    """Upload two files to a pipeline that is not asked anything, until Ctrl-C."""
    for name in ("a.jpg", "b.jpg"):
        (folder / name).write_bytes(b"x")
    monkeypatch.setattr(upload, "find_target", lambda **_: deployed())
    monkeypatch.setattr(upload, "find_scope", lambda _: Scope(prefixes=("",)))
    monkeypatch.setattr(upload, "upload_all", lambda sources, *_, **__: sent(sources))
    monkeypatch.setattr(upload, "wait_for_outcomes", lambda *_, **__: stopped_after(()))
    with pytest.raises(KeyboardInterrupt):
        upload.upload([folder], wait=wait)


def test_uploads_that_were_sent_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_until(monkeypatch, tmp_path, lambda _: stopped_after(uploaded()), wait=False)

    assert capsys.readouterr().err == (
        "darkroom: stopped. 1 uploaded, of 2 files. Run again to go on: what is there already is not uploaded again.\n"
    )


def test_outcomes_that_were_waited_for_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_until(monkeypatch, tmp_path, lambda _: iter((uploaded("a.jpg"), uploaded("b.jpg"))), wait=True)

    assert capsys.readouterr().err.splitlines()[-1] == (
        "darkroom: stopped. All 2 are uploaded, and 0 have an outcome. The pipeline goes on; run again to wait for the "
        "rest."
    )


@pytest.mark.parametrize(("file", "told"), [(None, "begins anew"), (Path("done.json"), "goes on from there")])
def test_keys_that_were_looked_at_are_counted(
    file: Path | None, told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Counter({Decision.NEVER_DONE: 2, Decision.UP_TO_DATE: 5})
    monkeypatch.setattr(backfill, "backfill", lambda *_: stopped_after(page))
    checkpoint = Checkpoint(file=file, backfill={})
    run = backfill._Run(deployed(), None, None, checkpoint, 100, as_json=False)  # type: ignore[arg-type]  # noqa: SLF001 - neither is asked

    with pytest.raises(KeyboardInterrupt):
        run.send(90)

    assert f"darkroom: stopped. 7 of 90 keys were looked at, and 2 jobs sent. Run again, it {told}" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_is_told_at_once_and_then_goes_on_as_before(
    number: signal.Signals, capfd: pytest.CaptureFixture[str]
) -> None:
    before = signal.getsignal(number)
    heard: list[str] = []

    def work() -> None:
        with stopping_told():
            try:
                signal.raise_signal(number)
            finally:
                heard.append(capfd.readouterr().err)

    with pytest.raises((KeyboardInterrupt, SystemExit)):
        work()

    assert heard == ["darkroom: stopping.\n"]
    assert signal.getsignal(number) == before


def test_a_command_that_is_not_stopped_tells_nothing_and_leaves_the_signals_as_they_were(
    capfd: pytest.CaptureFixture[str],
) -> None:
    before = signal.getsignal(signal.SIGINT)
    with stopping_told():
        assert signal.getsignal(signal.SIGINT) != before

    assert signal.getsignal(signal.SIGINT) == before
    assert capfd.readouterr().err == ""
