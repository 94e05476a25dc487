"""Which pipeline is meant, and what a person is told where none is."""

from dataclasses import replace
from pathlib import Path

import boto3
import pytest

from darkroom.cli import target
from darkroom.cli.target import find_successor, find_target
from darkroom.errors import UsageError
from darkroom.local.access_keys import AccessKeys
from darkroom.local.emulator import session
from darkroom.local.registry import RunningPipeline, register
from darkroom.pipeline.client import Pipeline
from support.aws.deployments import deployed


@pytest.fixture(autouse=True)
def nothing_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No pipeline runs here, and no AWS settings are there."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)


def running(port: int, keys: AccessKeys) -> RunningPipeline:
    return RunningPipeline(endpoint_url=f"http://127.0.0.1:{port}", stack_name="Darkroom", keys=keys)


def test_what_was_started_in_place_of_a_pipeline_that_has_ended_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[tuple[str, str]] = []
    old, new = AccessKeys.random(), AccessKeys.random()
    shown = replace(deployed(), endpoint_url="http://127.0.0.1:4566", session=session(old))

    def find(_: str, endpoint_url: str, of: boto3.Session) -> Pipeline:
        found.append((endpoint_url, AccessKeys.of(of).id))
        return replace(shown, endpoint_url=endpoint_url, session=of)

    monkeypatch.setattr(target, "find_pipeline", find)
    assert find_successor(shown) is None  # nothing is up
    with register(running(4566, old)):
        assert find_successor(shown) is None  # it is up itself
    with register(running(4577, new)):
        assert find_successor(shown, "http://127.0.0.1:4566") is None  # what is up is not where it was asked for
        assert find_successor(deployed()) is None  # that of AWS has no successor
        assert find_successor(shown)
        assert find_successor(shown, "http://localhost:4577")

    assert found == [("http://127.0.0.1:4577", new.id)] * 2


@pytest.mark.parametrize("local", [True, False])
def test_where_none_runs_a_person_is_told_how_to_start_or_name_one(local: bool) -> None:
    with pytest.raises(UsageError, match=r"Start `darkroom up` .* or name a deployed stack with --stack NAME"):
        find_target(local=local, stack=None)


def test_two_at_once_cannot_be_meant() -> None:
    with pytest.raises(UsageError, match=r"--local and --stack 'Prod' name two pipelines"):
        find_target(local=True, stack="Prod")


def test_where_nothing_answers_at_the_endpoint_it_is_named() -> None:
    with pytest.raises(UsageError, match=r"Nothing answers at http://127\.0\.0\.1:1\."):
        find_target(local=False, stack=None, endpoint_url="http://127.0.0.1:1")


def test_a_profile_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")

    with pytest.raises(UsageError, match="nobody"):
        find_target(local=False, stack="Prod")


def test_without_a_region_a_person_is_told_to_set_one() -> None:
    with pytest.raises(UsageError, match="Set AWS_REGION"):
        find_target(local=False, stack="Prod")


def test_without_credentials_a_person_is_told_how_to_get_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")

    with pytest.raises(UsageError, match="No AWS credentials are found"):
        find_target(local=False, stack="Prod")
