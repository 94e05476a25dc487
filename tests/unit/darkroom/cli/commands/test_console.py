"""The console shows the event log beside its pipeline, or one that is named; and none where there is none."""

from pathlib import Path

import pytest

from darkroom.cli.commands.console import find_log_of
from darkroom.errors import UsageError
from darkroom.local.registry import RunningPipeline, register
from support.aws.deployments import deployed

HERE = deployed("http://127.0.0.1:4566")


@pytest.fixture(autouse=True)
def session_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A place for notes where no other test's are."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


def test_the_log_beside_a_pipeline_is_found_by_itself() -> None:
    with register(RunningPipeline.of(HERE, "127.0.0.1:9092")):
        found = find_log_of(HERE, None, None)

    assert found == {"bootstrap.servers": "127.0.0.1:9092"}


def test_another_pipeline_s_log_is_not_taken() -> None:
    with register(RunningPipeline.of(deployed("http://127.0.0.1:4567"), "127.0.0.1:9092")):
        assert find_log_of(HERE, None, None) is None
        assert find_log_of(deployed(), None, None) is None


def test_a_log_that_is_named_is_taken_before_the_one_beside(tmp_path: Path) -> None:
    file = tmp_path / "client.properties"
    file.write_text("bootstrap.servers=broker.example:9092\nsecurity.protocol=SASL_SSL\n")

    with register(RunningPipeline.of(HERE, "127.0.0.1:9092")):
        by_file, by_address = find_log_of(HERE, None, file), find_log_of(HERE, "127.0.0.1:9093", None)

    assert by_file == {"bootstrap.servers": "broker.example:9092", "security.protocol": "SASL_SSL"}
    assert by_address == {"bootstrap.servers": "127.0.0.1:9093"}


def test_a_log_that_cannot_be_is_refused_by_its_option() -> None:
    with pytest.raises(UsageError, match="--bootstrap: PLAINTEXT is for"):
        find_log_of(deployed(), "broker.example:9092", None)
