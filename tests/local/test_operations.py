"""`darkroom dlq`, `backfill` and `doctor`, as a person types them, on a pipeline of their own that a test may break."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from contract.events import NOTIFIED_EVENTS
from contract.keys import manifest_key
from darkroom.local.deploy import deploy
from darkroom.local.emulator import emulator
from darkroom.local.registry import RunningPipeline, register
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.sqs import queue_depth
from support.command.pipelines import manifest_of, upload
from support.command.polling import eventually
from support.command.program import darkroom
from support.imaging.pictures import jpeg

pytestmark = pytest.mark.long

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

# As conftest's BRISK, told to `darkroom doctor` as to `cdk deploy`.
SETTINGS = ("function_timeout_seconds=20", "render_seconds=3", "visibility_timeout_seconds=20", "fallback_versions=0")
DOCTOR = ("doctor", "--json", *(argument for setting in SETTINGS for argument in ("-c", setting)))


@pytest.fixture(scope="module")
def up(assembly: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """A pipeline of this file's own."""
    with emulator(log=tmp_path_factory.mktemp("operating") / "emulator.log") as aws:
        yield deploy(assembly, aws.endpoint_url, aws.session())


@pytest.fixture
def here(up: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in which the command finds the pipeline, as if `darkroom up` ran."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with register(RunningPipeline.of(up)):
        yield tmp_path


def lines(*arguments: str, folder: Path, status: int = 0) -> list[dict[str, Any]]:
    """What the command prints as JSON."""
    finished = darkroom(*arguments, folder=folder)
    assert finished.returncode == status, finished.stderr
    return [json.loads(line) for line in finished.stdout.splitlines()]


def bodies(pipeline: Pipeline) -> set[str]:
    """What anyone can receive from the dead-letter queue now, without taking it."""
    sqs: SQSClient = pipeline.client("sqs")
    found = sqs.receive_message(
        QueueUrl=pipeline.dead_letter_queue_url, MaxNumberOfMessages=10, VisibilityTimeout=0
    ).get("Messages", [])
    return {message["Body"] for message in found}


@pytest.fixture
def brisk(up: Pipeline) -> Iterator[None]:
    """What fails is tried again at once."""
    sqs: SQSClient = up.client("sqs")
    sqs.set_queue_attributes(QueueUrl=up.jobs_queue_url, Attributes={"VisibilityTimeout": "1"})
    yield
    sqs.set_queue_attributes(QueueUrl=up.jobs_queue_url, Attributes={"VisibilityTimeout": "20"})


@pytest.mark.usefixtures("brisk")
def test_a_dead_letter_is_listed_with_its_reason_redriven_discarded_and_had_back(up: Pipeline, here: Path) -> None:
    sqs: SQSClient = up.client("sqs")
    for body in ('{"no": "job"}', "no JSON"):
        sqs.send_message(QueueUrl=up.jobs_queue_url, MessageBody=body)
    eventually(lambda: queue_depth(sqs, up.dead_letter_queue_url).total == 2)

    listed = lines("dlq", "list", "--json", folder=here)
    table = darkroom("dlq", "list", folder=here).stdout
    seen_by_others = bodies(up)
    (job,) = [letter for letter in listed if letter["body"] == "no JSON"]
    (plan,) = lines("dlq", "redrive", job["id"][:8], "--dry-run", "--json", folder=here)
    unasked = darkroom("dlq", "discard", "--all", folder=here)
    saved = ("--save", "saved.jsonl", "--yes", "--json")
    (discarded,) = lines("dlq", "discard", "--reason", "MessageRefusedError", *saved, folder=here)
    emptied = lines("dlq", "list", "--json", folder=here)
    (again,) = lines("dlq", "redrive", "--from", "saved.jsonl", "--json", folder=here)
    eventually(lambda: queue_depth(sqs, up.dead_letter_queue_url).total == 2)
    (moved,) = lines("dlq", "redrive", "--all", "--json", folder=here)

    assert {letter["reason"] for letter in listed} == {"MessageRefusedError"}
    assert job["detail"] == "not JSON: 'no JSON'"
    assert table.splitlines()[1].split()[:2] == ["MessageRefusedError", "2"]
    assert seen_by_others == {'{"no": "job"}', "no JSON"}
    assert (plan["dry_run"], plan["letters"]) == (True, 1)
    assert (unasked.returncode, unasked.stdout) == (2, "")
    assert "There is nobody to ask: give --yes." in unasked.stderr
    assert discarded == {"discarded": 2, "saved": "saved.jsonl"}
    assert emptied == []
    assert again == {"redriven": 2}
    assert moved == {"redriven": 2}


def test_a_backfill_does_what_has_no_outcome(up: Pipeline, here: Path) -> None:
    s3: S3Client = up.client("s3")
    keys = ("fill/a b.jpg", "fill/c.jpg")
    for key in keys:
        upload(up, key, jpeg())
        manifest_of(up, key)
    s3.delete_object(Bucket=up.derived_bucket, Key=manifest_key("fill/a b.jpg"))

    *shown, would = lines("backfill", "--prefix", "fill/", "--dry-run", "--json", folder=here)
    (did,) = lines("backfill", "--prefix", "fill/", "--checkpoint", "done.json", "--json", folder=here)

    assert shown == [{"key": "fill/a b.jpg", "why": "never_done"}]
    assert would["uploads"] == did["uploads"] == {"never_done": 1, "up_to_date": 1}
    assert (would["jobs"], did["jobs"]) == (1, 1)
    assert manifest_of(up, "fill/a b.jpg")["outcome"] == "resized"


def test_a_backfill_says_to_deploy_again_where_a_version_that_was_rolled_back_has_resized(
    up: Pipeline, here: Path
) -> None:
    s3: S3Client = up.client("s3")
    upload(up, "rolled/back.jpg", jpeg())
    manifest = manifest_of(up, "rolled/back.jpg") | {"generation": 99, "recipe": "of another configuration"}
    s3.put_object(Bucket=up.derived_bucket, Key=manifest_key("rolled/back.jpg"), Body=json.dumps(manifest))

    finished = darkroom("backfill", "--prefix", "rolled/", "--json", folder=here)

    assert json.loads(finished.stdout)["uploads"] == {"newer_version": 1}
    assert "1 were resized by a newer version of the function than the live one" in finished.stderr
    assert "Stop `darkroom up` and start it again" in finished.stderr


@contextmanager
def untold(pipeline: Pipeline) -> Iterator[None]:
    """What happens meanwhile is told to nobody."""
    s3: S3Client = pipeline.client("s3")
    bucket = pipeline.uploads_bucket
    told = s3.get_bucket_notification_configuration(Bucket=bucket)["QueueConfigurations"]
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    yield
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"QueueConfigurations": told})


def test_a_sweep_removes_what_was_deleted_and_nobody_told(up: Pipeline, here: Path) -> None:
    s3: S3Client = up.client("s3")
    keys = ("sweep/a b.jpg", "sweep/c.jpg")
    for key in keys:
        upload(up, key, jpeg())
        manifest_of(up, key)
    with untold(up):
        s3.delete_object(Bucket=up.uploads_bucket, Key="sweep/a b.jpg")

    sweep = ("backfill", "--orphans", "--prefix", "sweep/")
    *shown, would = lines(*sweep, "--dry-run", "--json", folder=here)
    unasked = darkroom(*sweep, folder=here)
    (did,) = lines(*sweep, "--yes", "--checkpoint", "done.json", "--json", folder=here)

    assert shown == [{"key": "sweep/a b.jpg", "why": "source_gone"}]
    assert "1 uploads are gone, and their variants are to go." in unasked.stderr
    assert "There is nobody to ask: give --yes." in unasked.stderr
    assert would["uploads"] == did["uploads"] == {"has_source": 1, "source_gone": 1}
    assert (would["jobs"], did["jobs"]) == (1, 1)
    eventually(lambda: manifest_of(up, "sweep/a b.jpg")["outcome"] == "removed")
    assert manifest_of(up, "sweep/c.jpg")["outcome"] == "resized"


def test_a_pipeline_that_is_well_has_no_fault(up: Pipeline, here: Path) -> None:
    findings = lines(*DOCTOR, folder=here)

    assert {finding["level"] for finding in findings if "dead letters" not in finding["what"]} == {"ok"}
    for part in (
        "keeps the uploads bucket and the jobs queue",
        "No version of the function is newer than 1",
        "at once",
    ):
        assert any(part in finding["what"] for finding in findings)
    assert any("A test image went through" in finding["what"] for finding in findings)
    s3: S3Client = up.client("s3")
    assert "Contents" not in s3.list_objects_v2(Bucket=up.uploads_bucket, Prefix="darkroom-doctor/")


@pytest.fixture
def broken(up: Pipeline) -> Iterator[None]:
    """Three things broken in the pipeline, and mended afterwards."""
    functions: LambdaClient = up.client("lambda")
    s3: S3Client = up.client("s3")
    (mapping,) = functions.list_event_source_mappings()["EventSourceMappings"]
    told = s3.get_bucket_notification_configuration(Bucket=up.uploads_bucket)["QueueConfigurations"]
    variables = dict(up.function_environment())

    def arrange(*, polls: bool, queues: Any, environment: dict[str, str]) -> None:
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=polls)
        s3.put_bucket_notification_configuration(
            Bucket=up.uploads_bucket, NotificationConfiguration={"QueueConfigurations": queues}
        )
        functions.update_function_configuration(FunctionName=up.function_name, Environment={"Variables": environment})

    arrange(polls=False, queues=[], environment=variables | {"DARKROOM_CACHE_CONTROL": "no-store"})
    yield
    arrange(polls=True, queues=told, environment=variables)


@pytest.mark.usefixtures("broken")
def test_what_is_broken_is_told_with_what_to_do(here: Path) -> None:
    findings = lines(*DOCTOR, "-c", "memory_mb=3008", "--no-image", folder=here, status=1)

    told = {finding["what"]: finding for finding in findings if finding["level"] != "ok"}
    for part, level, advice in (
        ("its event source mapping is disabled", "fault", "--enabled"),
        (
            f"The jobs queue is not sent {', '.join(NOTIFIED_EVENTS)}",
            "fault",
            "darkroom backfill",
        ),
        ("was changed by hand: its variable DARKROOM_CACHE_CONTROL", "fault", "darkroom up"),
        ("MemorySize is 1769 there and 3008 here", "warning", "darkroom up"),
    ):
        (finding,) = [finding for what, finding in told.items() if part in what]
        assert finding["level"] == level
        assert advice in finding["advice"]
