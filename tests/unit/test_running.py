"""What `darkroom up` notes about itself is found while it runs, and never after."""

from pathlib import Path

import pytest

from darkroom.running import Running, all_running, announced, folder

RUNNING = Running(endpoint_url="http://127.0.0.1:4566", stack_name="Darkroom")


@pytest.fixture(autouse=True)
def session_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A place for notes where no other test's are."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


def test_a_pipeline_is_found_while_it_is_announced_and_not_after() -> None:
    with announced(RUNNING):
        during = all_running()

    assert during == (RUNNING,)
    assert all_running() == ()
    assert list(folder().iterdir()) == []


def test_what_a_killed_process_left_behind_is_not_found_and_cleared_away() -> None:
    folder().mkdir()
    (folder() / "4711.json").write_text('{"endpoint_url": "http://127.0.0.1:1", "stack_name": "Gone"}')

    assert all_running() == ()
    assert list(folder().iterdir()) == []


def test_a_note_that_is_not_yet_written_is_passed_over() -> None:
    with announced(RUNNING):
        next(folder().iterdir()).write_text("")

        assert all_running() == ()


def test_without_a_folder_for_the_session_notes_are_kept_in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR")

    assert folder().parts[-2:] == (".darkroom", "running")
