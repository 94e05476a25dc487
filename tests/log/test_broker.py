"""The broker on this machine: what it keeps, and that it is gone with whoever started it."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from darkroom.event_log import local
from darkroom.event_log.broker import Broker, BrokerError, kafka_broker
from darkroom.event_log.installation import Installation
from darkroom.event_log.local import LogKind, local_log
from darkroom.event_log.topic import TopicError, create_topic
from darkroom.loopback import PortInUseError, free_port
from support.command.polling import eventually
from support.command.processes import wait_until_ended
from support.command.program import darkroom, processes_started_in, running
from support.events.event_contract import event_validator
from support.events.event_log import Log
from support.events.outcome_events import event
from support.imaging.pictures import jpeg

ON_LINUX = pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds processes through Linux's /proc")

# 127.0.0.1, as such and in IPv6.
LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F"}


def children_of(process: int) -> set[int]:
    found = Path(f"/proc/{process}/task/{process}/children").read_text()
    return {int(child) for child in found.split()}


def listening_addresses(process: int) -> set[tuple[str, int]]:
    """The addresses that a process listens on, as proc(5) writes them in net/tcp and net/tcp6."""
    links = (path.readlink().name for path in Path(f"/proc/{process}/fd").iterdir())
    inodes = {link.removeprefix("socket:[").removesuffix("]") for link in links if link.startswith("socket:")}
    tables = [Path(f"/proc/{process}/net/{name}").read_text().splitlines() for name in ("tcp", "tcp6")]
    lines = [line.split() for table in tables for line in table]
    places = [words[1].split(":") for words in lines if words[3] == "0A" and words[9] in inodes]
    return {(address, int(port, 16)) for address, port in places}


def test_what_was_written_is_there_after_the_broker_was_killed_and_started_again(
    kafka: Installation, tmp_path: Path
) -> None:
    with kafka_broker(kafka, log=tmp_path / "kafka.log", data=tmp_path / "data") as broker:
        log = Log(bootstrap=broker.bootstrap, topic="images")
        create_topic({"bootstrap.servers": broker.bootstrap}, log.topic, partitions=1)
        log.write([event("a.jpg"), event("b.jpg")])
        broker.kill()
    with kafka_broker(kafka, log=tmp_path / "kafka.log", data=tmp_path / "data", port=broker.port):
        found = [each["subject"] for each in log.read()]

    assert found == ["a.jpg", "b.jpg"]


def test_a_storage_of_its_own_is_gone_with_the_broker(kafka: Installation, tmp_path: Path) -> None:
    with kafka_broker(kafka, log=tmp_path / "kafka.log") as broker:
        during = len(list(tmp_path.iterdir()))

    assert during == 2
    assert list(tmp_path.iterdir()) == [tmp_path / "kafka.log"]
    assert not broker.is_alive


@ON_LINUX
def test_the_broker_ends_with_whoever_started_it_even_if_killed(kafka: Installation, tmp_path: Path) -> None:
    program = """
import sys
from pathlib import Path
from darkroom.event_log import local
from darkroom.event_log.broker import kafka_broker
from darkroom.event_log.installation import Installation
with kafka_broker(Installation(Path(sys.argv[1])), log=Path(sys.argv[2])) as broker:
    print(broker.process.pid, flush=True)
    sys.stdin.read()
"""
    command = [sys.executable, "-c", program, str(kafka.folder), str(tmp_path / "kafka.log")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        supervisor = int(parent.stdout.readline())
        processes = {supervisor, *children_of(supervisor)}
        parent.kill()

    assert len(processes) == 2
    assert wait_until_ended(processes) == set()
    assert list(tmp_path.iterdir()) == [tmp_path / "kafka.log"]


@ON_LINUX
def test_a_broker_that_is_killed_leaves_no_java_behind(kafka: Installation, tmp_path: Path) -> None:
    with kafka_broker(kafka, log=tmp_path / "kafka.log") as broker:
        processes = {broker.process.pid, *children_of(broker.process.pid)}
        broker.kill()

    assert wait_until_ended(processes) == set()


def test_a_port_that_is_in_use_is_refused(kafka: Installation, tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(PortInUseError, match=str(taken.getsockname()[1])),
        kafka_broker(kafka, log=tmp_path / "kafka.log", port=taken.getsockname()[1]),
    ):
        pass


def test_a_log_of_up_is_at_its_own_port_and_at_another_where_that_is_in_use(
    kafka: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert kafka
    port = free_port()
    monkeypatch.setattr(local, "_PORT", port)  # 9092 may be in use here
    with local_log(LogKind.KAFKA, lambda _step: None) as first, local_log(LogKind.KAFKA, lambda _step: None) as second:
        addresses = (first.bootstrap, second.bootstrap)

    assert addresses[0] == f"127.0.0.1:{port}"
    assert addresses[1] != addresses[0]


def test_a_broker_that_cannot_start_says_why_with_the_end_of_its_log(kafka: Installation, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "meta.properties").write_text("version=1\ncluster.id=another\nnode.id=7\n")

    with (
        pytest.raises(BrokerError, match=r"(?s)did not start: it ended with status 1\..*node"),
        kafka_broker(kafka, log=tmp_path / "kafka.log", data=data),
    ):
        pass


@ON_LINUX
def test_it_listens_on_loopback_alone(broker: Broker) -> None:
    (java,) = children_of(broker.process.pid)
    addresses = listening_addresses(java)

    assert {address for address, _ in addresses} <= LOOPBACK
    assert len(addresses) == 2  # the broker's and the controller's
    assert broker.port in {port for _, port in addresses}


def test_what_a_browser_says_is_no_request(broker: Broker) -> None:
    with socket.create_connection(("127.0.0.1", broker.port), timeout=30) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n")
        answer = connection.recv(100)

    assert answer == b""


def test_making_a_topic_that_is_there_changes_nothing(log: Log) -> None:
    log.write([event()])

    create_topic({"bootstrap.servers": log.bootstrap}, log.topic)

    assert len(log.read()) == 1


def test_a_topic_whose_name_cannot_be_is_refused_with_kafka_s_reason(broker: Broker) -> None:
    with pytest.raises(TopicError, match=r"'a b' could not be made: .*invalid"):
        create_topic({"bootstrap.servers": broker.bootstrap}, "a b")


@ON_LINUX
def test_a_second_start_uses_what_the_first_has_learned(kafka: Installation, broker: Broker) -> None:
    java = next(iter(children_of(broker.process.pid)))
    maps = Path(f"/proc/{java}/maps").read_text()

    assert str(kafka.folder / "kafka.aot") in maps


@ON_LINUX
def test_what_becomes_of_an_upload_to_a_pipeline_beside_a_log_is_in_the_log(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(jpeg(64, 48))
    with running(tmp_path, "--log", "memory") as (command, _):
        uploaded = darkroom("upload", "photo.jpg", "--wait", folder=tmp_path)
        eventually(lambda: bool(tail(tmp_path)))
        told = tail(tmp_path)
        unannounced = darkroom("events", "dlq", folder=tmp_path)
        os.killpg(command.pid, signal.SIGINT)
        command.communicate(timeout=60)

    assert uploaded.returncode == 0, uploaded.stderr
    assert [(each["subject"], each["data"]["outcome"]) for each in told] == [("photo.jpg", "resized")]
    assert [list(event_validator().iter_errors(each)) for each in told] == [[]]
    assert unannounced.returncode == 0, unannounced.stderr


def tail(folder: Path) -> list[dict[str, Any]]:
    """Read the events that are in the log by now."""
    told = darkroom("events", "tail", "--from", "beginning", "--once", "--json", folder=folder)
    return [json.loads(line)["event"] for line in told.stdout.splitlines()]


@ON_LINUX
def test_up_starts_a_log_beside_the_emulator_and_says_where(tmp_path: Path) -> None:
    with running(tmp_path, "--log", "kafka") as (command, lines):
        bootstrap = next(line.split()[2] for line in lines if line.startswith("event log "))
        topic = next(line.split()[1] for line in lines if line.startswith("topic "))
        log = Log(bootstrap=bootstrap, topic=topic)
        log.write([event()])
        found = log.read()
        lag = darkroom("events", "lag", folder=tmp_path)
        started = processes_started_in(tmp_path)
        os.killpg(command.pid, signal.SIGINT)
        command.communicate(timeout=60)

    assert (log.topic, len(found)) == ("darkroom.images", 1)
    assert lag.stdout == "No group has read darkroom.images yet. Records in it: 1.\n"
    assert wait_until_ended(started) == set()
    assert list(tmp_path.glob("darkroom-log-*")) == []
