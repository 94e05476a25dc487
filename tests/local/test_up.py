"""`darkroom up`: an endpoint to upload to, until it is stopped."""

import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from darkroom.cli.target import find_target
from support.command.processes import wait_until_ended
from support.command.program import darkroom, processes_started_in, running
from support.imaging.pictures import jpeg

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds processes through Linux's /proc")


def told(lines: list[str], what: str) -> str:
    """A value of the list that it prints."""
    return next(line.removeprefix(what).strip() for line in lines if line.startswith(f"{what}  "))


def command_after(lines: list[str], title: str) -> str:
    return lines[lines.index(f"{title}\n") + 1]


def paste(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a line in a shell, as a person who pastes it does."""
    shell = ["sh", "-c", command]
    return subprocess.run(shell, cwd=folder, capture_output=True, text=True, check=False)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as finder:
        port: int = finder.getsockname()[1]
        return port


@pytest.mark.long
def test_its_upload_command_works_as_it_stands_and_run_changes_it_only_where_told_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "photo.jpg").write_bytes(jpeg(64, 48))
    (tmp_path / "tiny.json").write_text('{"tiny": {"width": 16, "format": "png"}}')
    port = free_port()
    (tmp_path / "wide.json").write_text('{"wide": {"width": 32, "format": "png"}}')
    with running(tmp_path, "--port", str(port), "--variants", "wide.json", "-c", "cache_control=no-store") as (
        command,
        lines,
    ):
        endpoint = told(lines, "endpoint")
        pasted = paste(command_after(lines, "Upload an image:"), tmp_path)
        plain = darkroom("run", "photo.jpg", "--endpoint-url", endpoint, folder=tmp_path)
        tiny = darkroom("run", "photo.jpg", "--endpoint-url", endpoint, "--variants", "tiny.json", folder=tmp_path)
        plainer = darkroom("run", "photo.jpg", "--endpoint-url", endpoint, folder=tmp_path)
        well = darkroom("doctor", "--endpoint-url", endpoint, "--no-image", "--json", folder=tmp_path)
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
        environment = find_target(local=False, stack=None, endpoint_url=endpoint).function_environment()
        again = darkroom("up", "--port", str(port), folder=tmp_path)
        started = processes_started_in(tmp_path)
        os.killpg(command.pid, signal.SIGINT)
        rest, errors = command.communicate(timeout=60)

    assert endpoint == f"http://127.0.0.1:{port}"
    assert (pasted.returncode, pasted.stderr) == (0, "")
    assert (plain.returncode, plain.stderr, plain.stdout.split()[:4]) == (0, "", ["file", "outcome", "wide", "ms"])
    assert (tiny.returncode, tiny.stdout.split()[:4]) == (0, ["file", "outcome", "tiny", "ms"])
    assert tiny.stderr == f"darkroom: the pipeline at {endpoint} has these settings from now on.\n"
    assert (plainer.returncode, plainer.stdout.split()[:4]) == (0, ["file", "outcome", "tiny", "ms"])
    assert environment["DARKROOM_CACHE_CONTROL"] == "no-store"
    assert well.returncode == 0, well.stdout
    assert '"warning"' not in well.stdout
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr == (
        f"darkroom: Port {port} is in use on 127.0.0.1. Stop what listens there, or choose another port.\n"
    )
    assert (command.returncode, rest, errors) == (0, "", "darkroom: stopping.\n")
    assert len(started) > 2
    assert wait_until_ended(started) == set()


def test_terminated_it_leaves_no_process_behind(tmp_path: Path) -> None:
    with running(tmp_path) as (command, _):
        started = processes_started_in(tmp_path)

        command.terminate()
        rest, errors = command.communicate(timeout=60)

    assert (command.returncode, rest, errors) == (0, "", "darkroom: stopping.\n")
    assert wait_until_ended(started) == set()


def test_it_ends_with_an_error_when_the_emulator_does(tmp_path: Path) -> None:
    with running(tmp_path) as (command, lines):
        for process in processes_started_in(tmp_path) - {command.pid}:
            os.kill(process, signal.SIGKILL)

        _, errors = command.communicate(timeout=60)

    first, second = errors.splitlines()
    assert command.returncode == 3
    assert first == f"darkroom: Nothing listens at {told(lines, 'endpoint')} any more: the emulator has ended."
    assert second.startswith("The emulator's log is ")
