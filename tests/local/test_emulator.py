"""The emulator as a process: it starts, it keeps to itself, and it stops whatever happens, with all that it started."""

import errno
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import darkroom.local.emulator
from darkroom.errors import UsageError
from darkroom.local.deploy import deploy
from darkroom.local.emulator import EmulatorError, emulator
from darkroom.loopback import PortInUseError
from support.command.certificates import certificate
from support.command.pipelines import manifest_of, upload
from support.command.processes import processes_of, wait_until_ended
from support.imaging.pictures import jpeg

pytestmark = pytest.mark.long

linux_only = pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds processes through Linux's /proc")

# A program that runs the whole pipeline: the emulator, a worker of the function, and the child that it renders in.
RUN_UNTIL_KILLED = """
import signal, sys
from pathlib import Path
from support.imaging.pictures import jpeg
from support.command.pipelines import manifest_of, upload
from darkroom.local.deploy import deploy
from darkroom.local.emulator import emulator

with emulator(log=Path(sys.argv[1]) / "emulator.log") as aws:
    pipeline = deploy(Path(sys.argv[2]), aws.endpoint_url, aws.session())
    upload(pipeline, "a.jpg", jpeg())
    manifest_of(pipeline, "a.jpg")
    print(aws.endpoint_url, flush=True)
    signal.pause()
"""


def test_two_emulators_run_side_by_side_and_share_nothing(tmp_path: Path) -> None:
    with emulator(log=tmp_path / "one.log") as one, emulator(log=tmp_path / "two.log") as two:
        one.session().client("s3", endpoint_url=one.endpoint_url).create_bucket(Bucket="only-in-one")

        buckets = two.session().client("s3", endpoint_url=two.endpoint_url).list_buckets()["Buckets"]

    assert one.endpoint_url != two.endpoint_url
    assert one.keys.id != two.keys.id
    assert one.keys.secret != two.keys.secret
    assert buckets == []


def test_it_listens_on_loopback_and_nowhere_else(tmp_path: Path) -> None:
    with emulator(log=tmp_path / "emulator.log") as aws:
        port = urlsplit(aws.endpoint_url).port
        # 127.0.0.2 is this machine too, but another address: a server on every interface would answer.
        with socket.socket() as other_address:
            refused = other_address.connect_ex(("127.0.0.2", port or 0))

    assert aws.endpoint_url == f"http://127.0.0.1:{port}"
    assert refused != 0


def test_the_port_that_is_asked_for_is_used(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as finder:
        port = finder.getsockname()[1]

    with emulator(log=tmp_path / "emulator.log", port=port) as aws:
        assert aws.endpoint_url == f"http://127.0.0.1:{port}"


def test_a_port_in_use_is_named_and_nothing_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other_program:
        port = other_program.getsockname()[1]

        with pytest.raises(PortInUseError, match=f"Port {port} is in use"), emulator(log=tmp_path / "log", port=port):
            pytest.fail("it started on a port in use")

    assert list(tmp_path.iterdir()) == []


def test_a_port_that_is_not_for_this_user_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)

    with (
        pytest.raises(UsageError, match="Port 80 cannot be used: Permission denied"),
        emulator(log=tmp_path / "log", port=80),
    ):
        pytest.fail("it started on a port that is not for everyone")


def test_a_certificate_that_does_not_fit_is_named(tmp_path: Path) -> None:
    foreign = certificate(tmp_path)
    foreign.key.write_text("not a key")

    with (
        pytest.raises(EmulatorError, match="did not start: it ended with status 1"),
        emulator(log=tmp_path / "emulator.log", enforcing=foreign),
    ):
        pytest.fail("it started without its key")


def test_its_lines_go_to_the_log_alone(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "emulator.log"

    with emulator(log=log) as aws:
        aws.session().client("s3", endpoint_url=aws.endpoint_url).create_bucket(Bucket="uploads")

    assert capfd.readouterr() == ("", "")
    assert "bucket created: uploads" in log.read_text()


def test_only_the_log_is_left_behind(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "emulator.log"

    with emulator(log=log) as aws:
        aws.session().client("s3", endpoint_url=aws.endpoint_url).create_bucket(Bucket="uploads")
        assert len(list(log.parent.iterdir())) == 2

    assert list(log.parent.iterdir()) == [log]


def test_a_start_that_fails_ends_with_the_last_lines_of_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("raise SystemExit('no memory left for an emulator')")
    monkeypatch.setattr(darkroom.local.emulator, "_PROCESS", broken)

    with (
        pytest.raises(EmulatorError, match=r"(?s)it ended with status 1.*no memory left for an emulator") as error,
        emulator(log=tmp_path / "emulator.log"),
    ):
        pytest.fail("it started")

    assert error.value.log == tmp_path / "emulator.log"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.py", "emulator.log"]


def test_the_users_aws_settings_and_proxies_do_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config"
    config.write_text("[default]\nregion = mars-north-1\nuse_fips_endpoint = true\nca_bundle = /nowhere\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_USE_DUALSTACK_ENDPOINT", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAUSERSOWNKEY")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    with emulator(log=tmp_path / "emulator.log") as aws:
        s3 = aws.session().client("s3", endpoint_url=aws.endpoint_url)
        s3.create_bucket(Bucket="uploads")
        listed = subprocess.run(
            [Path(sys.executable).with_name("aws"), "s3", "ls"],
            env=aws.environment(),
            capture_output=True,
            text=True,
            check=True,
        )

    assert s3.meta.region_name == "us-east-1"
    assert s3._get_credentials().access_key == aws.keys.id  # noqa: SLF001 - botocore has no public way to ask
    assert listed.stdout.endswith("uploads\n")


@linux_only
def test_the_emulator_sees_none_of_the_users_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "the-users-own-secret")

    with emulator(log=tmp_path / "emulator.log") as aws:
        environments = [Path(f"/proc/{pid}/environ").read_bytes() for pid in processes_of(aws.endpoint_url)]

    assert environments
    assert not [text for text in environments if b"the-users-own-secret" in text]


@linux_only
def test_an_error_while_it_runs_stops_it_and_every_worker(assembly: Path, tmp_path: Path) -> None:
    def fail_with_everything_running() -> None:
        with emulator(log=tmp_path / "emulator.log") as aws:
            pipeline = deploy(assembly, aws.endpoint_url, aws.session())
            upload(pipeline, "a.jpg", jpeg())
            manifest_of(pipeline, "a.jpg")
            running.update(processes_of(aws.endpoint_url))
            raise ZeroDivisionError

    running: set[int] = set()
    with pytest.raises(ZeroDivisionError):
        fail_with_everything_running()

    assert len(running) >= 3, "the emulator, a worker and the child that it renders in"
    assert not wait_until_ended(running)
    assert [path.name for path in tmp_path.iterdir()] == ["emulator.log"]


@linux_only
def test_an_interruption_while_it_starts_stops_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(process: subprocess.Popen[bytes], *_: object) -> None:
        started.append(process.pid)
        raise KeyboardInterrupt

    started: list[int] = []
    monkeypatch.setattr(darkroom.local.emulator, "_wait_until_ready", interrupt)
    with pytest.raises(KeyboardInterrupt), emulator(log=tmp_path / "emulator.log"):
        pytest.fail("it went on")

    assert not wait_until_ended(set(started))
    assert [path.name for path in tmp_path.iterdir()] == ["emulator.log"]


@linux_only
@pytest.mark.parametrize(
    ("kill", "sent"),
    [
        pytest.param(os.killpg, signal.SIGINT, id="Ctrl-C"),
        pytest.param(os.killpg, signal.SIGHUP, id="closed terminal"),
        pytest.param(os.kill, signal.SIGTERM, id="terminated"),
        pytest.param(os.kill, signal.SIGKILL, id="killed"),
        pytest.param(os.killpg, signal.SIGKILL, id="killed with its group"),
    ],
)
def test_nothing_outlives_whoever_started_it(
    kill: Callable[[int, int], None], sent: signal.Signals, assembly: Path, tmp_path: Path
) -> None:
    with _program(tmp_path, assembly) as program:
        assert program.stdout is not None
        endpoint_url = program.stdout.readline().strip()
        running = processes_of(endpoint_url)
        assert len(running) >= 3, "the emulator, a worker and the child that it renders in"

        kill(program.pid, sent)

        assert not wait_until_ended(running | {program.pid})
    assert not processes_of(endpoint_url)
    assert [path.name for path in tmp_path.iterdir()] == ["emulator.log"]


@linux_only
def test_an_emulator_that_is_killed_leaves_no_worker_behind(assembly: Path, tmp_path: Path) -> None:
    with emulator(log=tmp_path / "emulator.log") as aws:
        pipeline = deploy(assembly, aws.endpoint_url, aws.session())
        upload(pipeline, "a.jpg", jpeg())
        manifest_of(pipeline, "a.jpg")
        running = processes_of(aws.endpoint_url)

        os.kill(_leader(running), signal.SIGKILL)

    assert not wait_until_ended(running)


def _leader(processes: set[int]) -> int:
    """The emulator itself leads the group that its workers are in."""
    return next(pid for pid in processes if os.getpgid(pid) == pid)


def _program(folder: Path, assembly: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", RUN_UNTIL_KILLED, str(folder), str(assembly)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
