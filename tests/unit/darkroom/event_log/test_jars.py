"""Kafka's jars are those that are pinned, or nothing is run."""

import hashlib
import sys
from pathlib import Path

import pytest

from darkroom.event_log.jars import JARS, KAFKA, InstallationError, check_jars, hashes_of, run_step


def jars(folder: Path, **contents: bytes) -> Path:
    """A folder of jars."""
    made = folder / "jars"
    made.mkdir()
    for name, content in contents.items():
        (made / f"{name}.jar").write_bytes(content)
    return made


def pins(folder: Path, **contents: bytes) -> Path:
    """A list that pins jars of these contents."""
    written = folder / "jars.txt"
    lines = (f"{hashlib.sha256(content).hexdigest()}  {name}.jar\n" for name, content in contents.items())
    written.write_text("".join(lines))
    return written


def test_the_jars_that_are_pinned_are_accepted(tmp_path: Path) -> None:
    check_jars(jars(tmp_path, kafka=b"1", slf4j=b"2"), pins(tmp_path, kafka=b"1", slf4j=b"2"))


@pytest.mark.parametrize(
    ("found", "named"),
    [
        ({"kafka": b"1"}, "slf4j.jar"),
        ({"kafka": b"1", "slf4j": b"2", "more": b"3"}, "more.jar"),
        ({"kafka": b"another", "slf4j": b"2"}, "kafka.jar"),
    ],
    ids=["missing", "unknown", "changed"],
)
def test_other_jars_are_refused_by_name(tmp_path: Path, found: dict[str, bytes], named: str) -> None:
    with pytest.raises(InstallationError, match=rf"pins: {named}\. Nothing was run"):
        check_jars(jars(tmp_path, **found), pins(tmp_path, kafka=b"1", slf4j=b"2"))


def test_the_list_pins_kafka_s_own_jar_of_the_version_that_is_started() -> None:
    lines = JARS.read_text(encoding="utf-8").splitlines()

    assert any(line.endswith(f"  kafka_2.13-{KAFKA}.jar") for line in lines)
    assert all(len(line.split()[0]) == 64 for line in lines)


def test_hashes_are_of_the_content(tmp_path: Path) -> None:
    assert hashes_of(jars(tmp_path, kafka=b"1")) == {"kafka.jar": hashlib.sha256(b"1").hexdigest()}


def test_a_step_that_fails_is_named_with_the_end_of_what_it_said() -> None:
    with pytest.raises(InstallationError, match=r"(?s)^Baking failed with status 3:\nno flour$"):
        run_step([sys.executable, "-c", "import sys; print('no flour'); sys.exit(3)"], "Baking")
