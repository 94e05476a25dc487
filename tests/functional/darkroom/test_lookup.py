"""What is found out about a key and its pipeline, on moto."""

import json
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from contract.events import NOTIFIED_EVENTS
from contract.manifest import Outcome
from darkroom.cli.output.lookup import situation_of
from darkroom.errors import DarkroomError
from darkroom.pipeline import deployed_config
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.deploy_advice import START_AGAIN
from darkroom.pipeline.deployed_config import Scope, find_max_source_bytes, find_scope
from darkroom.uploads.lookup import look_up
from resize.imaging.presets import parse_presets
from support.function.buckets import Buckets, settings
from support.function.events import s3_body, s3_record


def notify(world: Buckets, pipeline: Pipeline, *, queue: str = "jobs", prefix: str | None = None) -> None:
    """Have the bucket send its events to a queue."""
    sqs = pipeline.client("sqs")
    url = sqs.create_queue(QueueName=queue)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    rules = {} if prefix is None else {"Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": prefix}]}}}
    configurations = [{"QueueArn": arn, "Events": [event], **rules} for event in NOTIFIED_EVENTS]
    world.client.put_bucket_notification_configuration(
        Bucket="uploads",
        NotificationConfiguration={"QueueConfigurations": configurations},  # type: ignore[typeddict-item]
    )
    sqs.purge_queue(QueueUrl=url)  # of S3's test event


def test_a_key_whose_job_is_done_is_settled(world: Buckets, pipeline: Pipeline) -> None:
    world.deliver(world.upload("a.jpg", b"a"))

    found = look_up(pipeline, "a.jpg")

    assert found.recorded is not None
    assert (found.recorded.manifest.outcome, found.is_settled, found.jobs) == (Outcome.RESIZED, True, None)


def test_a_manifest_that_only_a_later_version_can_read_is_told(world: Buckets, pipeline: Pipeline) -> None:
    world.deliver(world.upload("a.jpg", b"a"))
    later = json.dumps(world.manifest("a.jpg") | {"schema": 9, "times": "today"}).encode()
    world.client.put_object(Bucket="derived", Key="manifests/a.jpg.json", Body=later)

    with pytest.raises(DarkroomError, match=r"schema 9, .* Use the version of Darkroom that is deployed"):
        look_up(pipeline, "a.jpg")


def test_a_key_that_was_uploaded_anew_is_not_settled_and_its_jobs_are_counted(
    world: Buckets, pipeline: Pipeline
) -> None:
    world.deliver(world.upload("a.jpg", b"a"))
    newer = world.upload("a.jpg", b"bb")
    pipeline.client("sqs").send_message(QueueUrl=pipeline.jobs_queue_url, MessageBody="job")

    found = look_up(pipeline, "a.jpg")

    assert found.stored is not None
    assert (found.stored.version_id, found.stored.size) == (newer.version_id, 2)
    assert (found.is_settled, found.dead_letter, found.jobs) == (False, False, 1)


@pytest.mark.parametrize("of_newest", [True, False])
def test_a_dead_letter_counts_if_it_is_of_the_newest_upload(
    world: Buckets, pipeline: Pipeline, of_newest: bool
) -> None:
    versions = [world.upload("a.jpg", body).version_id for body in (b"a", b"b")]
    body = s3_body(s3_record("a.jpg", version_id=str(versions[1 if of_newest else 0])))
    pipeline.client("sqs").send_message(QueueUrl=pipeline.dead_letter_queue_url, MessageBody=body)

    assert look_up(pipeline, "a.jpg").dead_letter is of_newest


def test_a_folder_s_marker_is_told_from_an_upload_that_waits(world: Buckets, pipeline: Pipeline) -> None:
    notify(world, pipeline)
    world.upload("photos/", b"")
    world.deliver(world.upload("image/", b"1"))

    marker, image = look_up(pipeline, "photos/"), look_up(pipeline, "image/")

    assert str(situation_of(marker)).startswith("'photos/' marks a folder")
    assert (image.is_folder, image.is_settled, situation_of(image)) == (False, True, None)


def test_a_key_that_was_deleted_is_told_from_one_that_never_was(world: Buckets, pipeline: Pipeline) -> None:
    world.upload("a.jpg", b"a")
    world.delete("a.jpg")

    deleted, never = look_up(pipeline, "a.jpg"), look_up(pipeline, "b.jpg")

    assert (deleted.stored, deleted.deleted, deleted.is_settled) == (None, True, True)
    assert (never.stored, never.deleted, never.is_settled) == (None, False, True)


@pytest.mark.parametrize(("prefix", "known"), [(None, ("",)), ("in/ä b+", ("in/ä b+",))])
def test_the_prefix_whose_keys_are_resized_is_the_buckets_own(
    world: Buckets, pipeline: Pipeline, prefix: str | None, known: tuple[str, ...]
) -> None:
    notify(world, pipeline, prefix=prefix)

    assert find_scope(pipeline) == Scope(prefixes=known)


def test_a_bucket_that_sends_no_jobs_to_the_queue_has_nothing_resized(world: Buckets, pipeline: Pipeline) -> None:
    nothing = find_scope(pipeline)
    notify(world, pipeline, queue="somebody-elses")

    assert nothing == find_scope(pipeline) == Scope(prefixes=())
    assert not nothing.includes("a.jpg")


def test_where_nothing_is_resized_the_advice_is_one_for_where_the_pipeline_is(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deployed_config, "read_notifications", lambda *_: ())
    monkeypatch.setattr(deployed_config, "known_settings", lambda _: None)

    on_aws, here = find_scope(pipeline), find_scope(replace(pipeline, endpoint_url="http://127.0.0.1:4566"))

    assert on_aws.rule_for("a.jpg").endswith("no jobs to this pipeline's queue. Deploy the stack again")
    assert here.rule_for("a.jpg").endswith("no jobs to this pipeline's queue. " + START_AGAIN.removesuffix("."))


def test_a_key_without_variants_is_not_resized_and_it_is_said_why(
    world: Buckets, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    notify(world, pipeline, prefix="pets/")
    presets = [{"prefix": "pets/", "variants": {"a": {"width": 1}}}, {"prefix": "pets/raw/", "variants": {}}]
    told = replace(world.settings, variants=(), presets=parse_presets(presets))
    monkeypatch.setattr(Pipeline, "function_environment", lambda _: told.to_environment())

    scope = find_scope(pipeline)

    assert [scope.includes(key) for key in ("pets/a.jpg", "pets/raw/a.jpg", "a.jpg")] == [True, False, False]
    assert scope.rule_for("pets/raw/a.jpg") == "the preset 'pets/raw/' has no variants"
    assert scope.rule_for("a.jpg") == "only keys that start with 'pets/' are (the stack's key_prefix and presets)"
    assert (scope.start_of("console/"), scope.start_of("raw/")) == ("pets/", "pets/")


@pytest.mark.parametrize("prefixes", [None, ("tenants/1",)])
def test_a_key_that_s3_may_tell_of_and_no_preset_is_for_is_told_which_keys_are_resized(
    prefixes: tuple[str, ...] | None,
) -> None:
    """Prefixes of presets are joined where they are many, and who may not read notifications does not know them."""
    presets = [{"prefix": f"tenants/1{n}/", "variants": {"a": {"width": 1}}} for n in range(2)]
    some = replace(settings(), variants=(), presets=parse_presets([*presets, {"prefix": "raw/", "variants": {}}]))
    scope = Scope(prefixes=prefixes, settings=some)

    assert not scope.includes("tenants/15/a.jpg")
    assert scope.rule_for("tenants/15/a.jpg").startswith("only keys that start with 'tenants/10/' or 'tenants/11/' are")


def test_new_keys_are_put_where_something_is_made_of_them() -> None:
    presets = [{"prefix": "console/", "variants": {}}, {"prefix": "pets/", "variants": {"a": {"width": 1}}}]
    some = replace(settings(), presets=parse_presets(presets))

    assert Scope(prefixes=("",), settings=some).start_of("console/") == "pets/"
    assert Scope(prefixes=("",), settings=some).start_of("new") == ""
    assert Scope(prefixes=None).start_of("console/") == Scope(prefixes=()).start_of("console/") == ""


def test_who_may_not_ask_what_is_resized_does_not_know_it(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "GetBucketNotificationConfiguration")

    client = pipeline.client("s3")
    client.meta.events.register("before-call", refuse)
    monkeypatch.setattr(Pipeline, "client", lambda *_: client)
    monkeypatch.setattr(Pipeline, "function_environment", refuse)

    assert find_scope(pipeline) == Scope(prefixes=None)
    assert find_scope(pipeline).includes("anything")
    assert find_max_source_bytes(pipeline) is None


def test_what_an_image_may_weigh_is_what_the_function_was_told(
    world: Buckets, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = replace(world.settings, limits=replace(world.settings.limits, source_bytes=123))
    monkeypatch.setattr(Pipeline, "function_environment", lambda _: told.to_environment())

    assert find_max_source_bytes(pipeline) == 123


def test_another_function_tells_nothing_of_what_an_image_may_weigh(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pipeline, "function_environment", lambda _: {})

    assert find_max_source_bytes(pipeline) is None
