"""`darkroom console` as a process: where it listens, and how it ends."""

import http.client
import os
import signal
import socket
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest

from darkroom.pipeline.client import Pipeline
from support.command.consoles import console_of
from support.command.processes import wait_until_ended
from support.command.program import processes_started_in

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds processes through Linux's /proc")


@pytest.mark.long
def test_ctrl_c_ends_it_whatever_is_under_way_and_nothing_is_left(pipeline: Pipeline, tmp_path: Path) -> None:
    with ExitStack() as open_here, console_of(pipeline, tmp_path) as (command, address):
        where = urlsplit(address)
        assert where.port is not None
        headers = {
            "Cookie": f"darkroom-{where.port}={parse_qs(where.query)['token'][0]}",
            "Origin": f"http://{where.netloc}",
        }
        following = open_here.enter_context(closing(http.client.HTTPConnection(where.netloc, timeout=60)))
        following.request("GET", f"{where.path}events", headers=headers)
        stream = open_here.enter_context(following.getresponse())
        assert stream.readline().startswith(b'data: {"whole":true')
        stalled = open_here.enter_context(closing(http.client.HTTPConnection(where.netloc, timeout=60)))
        stalled.putrequest("POST", f"{where.path}uploads?id={uuid4()}&name=stalled.jpg")
        for name, value in {**headers, "Content-Length": "1000"}.items():
            stalled.putheader(name, value)
        stalled.endheaders(b"only so much")
        while b'"uploading"' not in stream.readline():
            pass
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", where.port), timeout=60)  # loopback too, and not its address
        started = processes_started_in(tmp_path)

        os.killpg(command.pid, signal.SIGINT)
        _, told = command.communicate(timeout=60)

    assert (where.hostname, command.returncode, told) == ("127.0.0.1", 0, "")
    assert command.pid in started
    assert wait_until_ended(started) == set()


@pytest.mark.long
def test_a_new_start_has_the_same_address(pipeline: Pipeline, tmp_path: Path) -> None:
    addresses = []
    for _ in range(2):
        with console_of(pipeline, tmp_path) as (command, address):
            addresses.append(address)
            os.killpg(command.pid, signal.SIGINT)
            command.communicate(timeout=60)

    assert addresses[0] == addresses[1]
