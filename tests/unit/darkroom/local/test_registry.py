"""What `darkroom up` notes about itself is found while it runs, and never after."""

import os
import stat
from pathlib import Path

import pytest

from darkroom.local.access_keys import AccessKeys
from darkroom.local.registry import RunningPipeline, find_running, folder, register, running_pipelines

RUNNING = RunningPipeline(endpoint_url="http://127.0.0.1:4566", stack_name="Darkroom", keys=AccessKeys.random())


@pytest.fixture(autouse=True)
def session_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A place for notes where no other test's are."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


def test_a_pipeline_is_found_while_it_is_announced_and_not_after() -> None:
    with register(RUNNING):
        during = running_pipelines()

    assert during == (RUNNING,)
    assert running_pipelines() == ()
    assert list(folder().iterdir()) == []


def test_what_a_killed_process_left_behind_is_not_found_and_cleared_away() -> None:
    folder().mkdir()
    (folder() / "4711.json").write_text('{"endpoint_url": "http://127.0.0.1:1", "stack_name": "Gone"}')

    assert running_pipelines() == ()
    assert list(folder().iterdir()) == []


def test_a_note_is_for_its_owner_alone_whatever_lay_in_its_place() -> None:
    folder().mkdir()
    (folder() / f"{os.getpid()}.json").write_text("left behind")
    (folder() / f"{os.getpid()}.json").chmod(0o644)

    with register(RUNNING):
        [note] = folder().iterdir()
        assert stat.S_IMODE(note.stat().st_mode) == 0o600
        assert running_pipelines() == (RUNNING,)


def test_a_note_is_never_written_to_where_a_link_points(tmp_path: Path) -> None:
    folder().mkdir()
    (folder() / f"{os.getpid()}.json").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(OSError, match="Too many levels"), register(RUNNING):
        pytest.fail("it followed the link")

    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize(
    ("endpoint_url", "is_it"),
    [
        ("http://127.0.0.1:4566", True),
        ("http://localhost:4566/", True),
        ("http://127.0.0.1:4567", False),
        ("https://127.0.0.1:4566", False),
        ("http://emulator.example:4566", False),
    ],
)
def test_a_pipeline_is_found_by_where_it_answers(endpoint_url: str, *, is_it: bool) -> None:
    with register(RUNNING):
        assert find_running(endpoint_url) == (RUNNING if is_it else None)


def test_no_text_about_a_running_pipeline_shows_its_secret() -> None:
    assert RUNNING.keys.secret not in f"{RUNNING} {RUNNING!r}"
    assert RUNNING.keys.secret in RUNNING.to_json()


@pytest.mark.parametrize(
    "text", ['{"endpoint_url": "http://127.0.0.1:4566", "stack_name": "Older"}', "[]", "1", "{", '{"keys": {"id": 1}}']
)
def test_a_note_of_another_version_is_passed_over(text: str) -> None:
    with register(RUNNING):
        next(folder().iterdir()).write_text(text)

        assert running_pipelines() == ()


def test_a_note_that_is_not_yet_written_is_passed_over() -> None:
    with register(RUNNING):
        next(folder().iterdir()).write_text("")

        assert running_pipelines() == ()


def test_without_a_folder_for_the_session_notes_are_kept_in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR")

    assert folder().parts[-2:] == (".darkroom", "running")
