"""The console's address: the same at each start, and nobody's but its owner's."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from darkroom.console.address import address_file, open_address
from darkroom.errors import UsageError
from darkroom.loopback import PortInUseError, listening_socket
from support.aws.deployments import deployed


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "darkroom" / "console" / "uploads.json"


def started(file: Path, port: int | None = None) -> str:
    """Start and stop, and give the address."""
    with open_address(file, port) as opened:
        assert opened.warning is None
        return opened.url


def test_the_address_is_the_same_at_each_start_and_another_for_another_pipeline(file: Path) -> None:
    addresses = [started(file), started(file), started(file.with_name("other.json"))]

    assert addresses[0] == addresses[1]
    assert addresses[0] != addresses[2]


def test_nobody_but_its_owner_can_read_it(file: Path) -> None:
    before = os.umask(0)
    try:
        started(file)
    finally:
        os.umask(before)

    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert [each.name for each in file.parent.iterdir()] == [file.name]


def test_an_address_that_others_could_read_is_replaced(file: Path) -> None:
    first = started(file)
    file.chmod(0o644)

    assert started(file) != first
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"port": 1, "access": {}}', '{"port": 0, "access": {"folder": "/", "token": ""}}', "\0"],
)
def test_what_is_no_address_is_replaced(file: Path, text: str) -> None:
    started(file)
    file.write_text(text)

    assert started(file) == started(file)


@pytest.mark.parametrize(
    "change", [{"port": 65_536}, {"port": "many"}, {"access": {"folder": "//", "token": "x" * 43}}]
)
def test_what_could_not_be_an_address_is_replaced(file: Path, change: dict[str, object]) -> None:
    started(file)
    file.write_text(json.dumps(json.loads(file.read_text()) | change))

    assert started(file) == started(file)


def test_a_link_is_not_followed(file: Path, tmp_path: Path) -> None:
    first = started(file)
    file.rename(tmp_path / "elsewhere.json")
    file.symlink_to(tmp_path / "elsewhere.json")

    assert started(file) != first
    assert not file.is_symlink()


def test_where_its_port_is_taken_the_address_is_another_for_this_start_and_says_so(file: Path) -> None:
    first = started(file)
    with open_address(file) as one, open_address(file) as other:
        assert one.url == first
        assert other.warning is not None
        assert "is in use" in other.warning
        assert other.access != one.access

    assert started(file) == first


def test_a_port_that_is_asked_for_is_used_with_the_same_token(file: Path) -> None:
    first = started(file)
    with listening_socket(None) as free:
        port = free.getsockname()[1]
        with pytest.raises(PortInUseError):
            started(file, port)

    asked = started(file, port)

    assert asked.startswith(f"http://127.0.0.1:{port}/")
    assert asked.split("/", 3)[3] == first.split("/", 3)[3]
    assert started(file) == first


def test_where_it_cannot_be_kept_there_is_one_for_this_start(file: Path, tmp_path: Path) -> None:
    (tmp_path / "darkroom").write_text("no folder")

    with listening_socket(None) as free:
        port = free.getsockname()[1]

    with open_address(file, port) as opened:
        assert opened.warning is not None
        assert "cannot be kept" in opened.warning
        assert f":{port}/" in opened.url


def test_a_pipeline_on_aws_has_one_by_its_bucket_and_one_on_this_machine_by_its_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    local = deployed("http://127.0.0.1:4566")

    files = [address_file(each) for each in (deployed(), local, replace(local, uploads_bucket="another-each-time"))]

    folder = tmp_path / "darkroom" / "console"
    assert files == [folder / "uploads.json", folder / "local-Darkroom.json", folder / "local-Darkroom.json"]


def test_a_state_folder_that_is_no_whole_path_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "somewhere")
    monkeypatch.setenv("HOME", str(tmp_path))

    assert address_file(deployed()) == tmp_path / ".local" / "state" / "darkroom" / "console" / "uploads.json"


@pytest.mark.parametrize("port", [1, 6000, 6667, 10080])
def test_a_port_on_which_no_browser_opens_a_page_is_refused_before_it_is_kept(file: Path, port: int) -> None:
    with pytest.raises(UsageError, match=f"Browsers open no page at port {port}\\."), open_address(file, port):
        pass

    assert not file.exists()
