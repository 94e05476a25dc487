"""`darkroom adopt` reads a bucket that is there, says what is to be known, and changes nothing."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner, Result

import darkroom.cli.commands.adopt as command
from darkroom.adoption.bucket import BucketConfiguration, read_bucket
from darkroom.backfill.estimate import Estimate
from darkroom.cli.main import app
from darkroom.errors import UsageError
from darkroom.local import synthesis
from darkroom.local.access_keys import AccessKeys
from darkroom.local.registry import RunningPipeline, register
from darkroom.loopback import listening_socket
from stacks.config.existing_bucket import ExistingBucket
from stacks.config.parser import parse_config

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3 import S3Client

TOPIC = "arn:aws:sns:eu-west-1:123456789012:theirs"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> "Iterator[S3Client]":
    """Somebody's account, with a bucket that keeps no versions, and a machine on which nothing is up."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    for name, value in {"ACCESS_KEY_ID": "test", "SECRET_ACCESS_KEY": "test", "REGION": "eu-west-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    with mock_aws():
        client = boto3.client("s3", region_name="eu-west-1")
        client.create_bucket(Bucket="photos", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        yield client


def adopt(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["adopt", *arguments])


def told(*arguments: str) -> dict[str, Any]:
    """What the command says in JSON."""
    said: dict[str, Any] = json.loads(adopt(*arguments, "--json").stdout)
    return said


def levels(said: dict[str, Any]) -> dict[str, str]:
    """The level of each finding, by its text."""
    return {each["what"]: each["level"] for each in said["findings"]}


def level_of(said: dict[str, Any], part: str) -> str:
    (level,) = [level for what, level in levels(said).items() if part in what]
    return level


def test_the_configuration_is_what_a_stack_takes(s3: "S3Client") -> None:
    s3.put_object(Bucket="photos", Key="shop/a.jpg", Body=b"1")

    result = adopt("photos", "--prefix", "shop/")

    settings = json.loads(result.stdout)
    config = parse_config(settings)
    assert (config.uploads_bucket, config.key_prefix) == (ExistingBucket(name="photos"), "shop/")
    assert "Resizing all of it takes" in result.stderr


def test_folders_are_counted_the_largest_first_and_what_is_no_image_is_told(s3: "S3Client") -> None:
    for key in ("avatars/1.PNG", "shop/a.jpg", "shop/deep/b.webp", "shop/readme.txt", "root.gif", "shop/"):
        s3.put_object(Bucket="photos", Key=key, Body=b"" if key == "shop/" else b"12345")

    said = told("photos")

    assert [(name, each["objects"], each["images"], each["bytes"]) for name, each in said["folders"].items()] == [
        ("shop/", 3, 2, 15),
        ("", 1, 1, 5),
        ("avatars/", 1, 1, 5),
    ]
    assert said["whole"]["objects"] == 5
    assert level_of(said, "1 of 5 objects are not named like images") == "warning"
    assert said["backfill"]["dollars"] == pytest.approx(0, abs=0.01)


def test_a_bucket_that_tells_eventbridge_nothing_is_a_fault_with_the_command_that_keeps_others(s3: "S3Client") -> None:
    s3.put_bucket_notification_configuration(
        Bucket="photos",
        NotificationConfiguration={"TopicConfigurations": [{"TopicArn": TOPIC, "Events": ["s3:ObjectCreated:*"]}]},
        SkipDestinationValidation=True,
    )

    result = adopt("photos", "--json")

    said = json.loads(result.stdout)
    assert result.exit_code == 1
    (switch,) = [each for each in said["findings"] if "EventBridge" in each["what"]]
    assert switch["level"] == "fault"
    assert TOPIC in switch["advice"]
    assert level_of(said, "Notifications of others stay as they are: 1.") == "ok"


def test_versions_ownership_and_lifecycle_are_judged(s3: "S3Client") -> None:
    s3.put_bucket_lifecycle_configuration(
        Bucket="photos",
        LifecycleConfiguration={
            "Rules": [
                {"ID": "old", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 90}},
                {"ID": "off", "Status": "Disabled", "Filter": {}, "Expiration": {"Days": 1}},
                {
                    "ID": "cold",
                    "Status": "Enabled",
                    "Filter": {},
                    "Transitions": [{"Days": 30, "StorageClass": "GLACIER"}],
                },
            ]
        },
    )

    said = told("photos")

    assert level_of(said, "keeps no versions") == "warning"
    assert level_of(said, "may belong to other accounts") == "warning"
    assert level_of(said, "'old' expires") == "warning"
    assert level_of(said, "'cold' archives") == "warning"
    assert not [what for what in levels(said) if "'off'" in what]


def test_what_is_as_it_should_be_is_told_too(s3: "S3Client") -> None:
    s3.put_bucket_versioning(Bucket="photos", VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_ownership_controls(
        Bucket="photos", OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    )

    said = told("photos")

    assert level_of(said, "It keeps versions") == "ok"
    assert not [what for what in levels(said) if "other accounts" in what]


def test_a_key_of_one_s_own_goes_into_the_configuration_by_its_arn(s3: "S3Client") -> None:
    key = boto3.client("kms", region_name="eu-west-1").create_key()["KeyMetadata"]
    rule: Any = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key["KeyId"]}}
    s3.put_bucket_encryption(Bucket="photos", ServerSideEncryptionConfiguration={"Rules": [rule]})

    said = told("photos")

    assert said["settings"]["uploads_bucket"] == {"name": "photos", "kms_key_arn": key["Arn"]}
    assert level_of(said, "ETags are no MD5") == "warning"


def test_a_bucket_of_another_region_is_a_fault(s3: "S3Client") -> None:
    assert s3.list_buckets()["Buckets"]
    far = boto3.client("s3", region_name="ap-south-1")
    far.create_bucket(Bucket="far", CreateBucketConfiguration={"LocationConstraint": "ap-south-1"})

    assert level_of(told("far"), "far is in ap-south-1, and you would deploy to eu-west-1") == "fault"


def test_what_lies_in_an_archive_is_counted(s3: "S3Client") -> None:
    s3.put_object(Bucket="photos", Key="a.jpg", Body=b"1", StorageClass="DEEP_ARCHIVE")

    assert level_of(told("photos"), "1 objects are in an archive") == "warning"


def test_nothing_is_changed(s3: "S3Client") -> None:
    s3.put_object(Bucket="photos", Key="a.jpg", Body=b"1")
    requests: list[str] = []

    def note(model: Any, **_: object) -> None:
        requests.append(model.name)

    with pytest.MonkeyPatch.context() as patch:
        made = boto3.Session

        def noting(*arguments: Any, **options: Any) -> boto3.Session:
            session = made(*arguments, **options)
            session.events.register("before-call", note)
            return session

        patch.setattr(boto3, "Session", noting)
        adopt("photos")

    assert requests
    assert {name for name in requests if not name.startswith(("Get", "List", "Head", "Describe"))} == set()


@pytest.mark.parametrize("name", ["s3://photos", "photos/shop", "arn:aws:s3:::photos", "", "Photos", "a..b", "mü"])
def test_what_is_no_name_is_answered_with_what_to_write(s3: "S3Client", name: str) -> None:
    result = adopt(name)

    assert s3.list_buckets()["Buckets"]
    assert str(result.exception).startswith(f"{name!r} is not taken as the name of a bucket: 3 to 63 small letters")
    assert "without s3://" in str(result.exception)
    assert "\n" not in str(result.exception)


def test_a_bucket_that_is_not_there_is_named(s3: "S3Client") -> None:
    result = adopt("nowhere")

    assert s3.list_buckets()["Buckets"]
    assert "There is no bucket 'nowhere' on AWS. Check its name, AWS_PROFILE and AWS_REGION." in str(result.exception)


@pytest.fixture
def up() -> "Iterator[RunningPipeline]":
    """A pipeline that is up on this machine, as far as anybody can tell: its S3 is moto's."""
    with listening_socket(None) as listener:
        running = RunningPipeline(
            endpoint_url=f"http://127.0.0.1:{listener.getsockname()[1]}",
            stack_name="Darkroom",
            keys=AccessKeys.random(),
        )
        with register(running):
            yield running


def test_while_a_pipeline_is_up_the_bucket_is_looked_for_there_and_on_aws_only_where_that_is_said(
    s3: "S3Client", up: RunningPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert s3.list_buckets()["Buckets"]
    asked: list[str | None] = []

    def read(name: str, endpoint_url: str | None, session: boto3.Session) -> BucketConfiguration:
        asked.append(endpoint_url)
        return read_bucket(name, None, session)

    monkeypatch.setattr(command, "read_bucket", read)
    monkeypatch.setattr(command, "client_of", lambda session, name, _: session.client(name))

    for options in ([], ["--local"], ["--endpoint-url", up.endpoint_url], ["--aws"]):
        assert "uploads_bucket" in adopt("photos", *options).stdout

    assert asked == [up.endpoint_url] * 3 + [None]
    assert f"The bucket photos at {up.endpoint_url}:" in adopt("photos").stderr
    assert "The bucket photos on AWS, eu-west-1:" in adopt("photos", "--aws").stderr


@pytest.mark.parametrize("other", [["--local"], ["--endpoint-url", "http://127.0.0.1:4566"]])
def test_two_places_at_once_are_refused(s3: "S3Client", other: list[str]) -> None:
    assert s3.list_buckets()["Buckets"]

    assert f"--aws and {other[0]}" in str(adopt("photos", "--aws", *other).exception)


def test_where_nothing_is_up_local_says_how_to_start_it(s3: "S3Client") -> None:
    assert s3.list_buckets()["Buckets"]

    assert "Start `darkroom up` in another terminal, or say --aws." in str(adopt("photos", "--local").exception)


def test_a_missing_cdk_json_is_told(s3: "S3Client", tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert s3.list_buckets()["Buckets"]
    monkeypatch.setattr(synthesis, "PROJECT", tmp_path)

    result = adopt("photos")

    assert isinstance(result.exception, UsageError)
    assert "cdk.json' cannot be read" in str(result.exception)


def with_filter(prefix: str) -> Any:
    rule: Any = {"Name": "prefix", "Value": prefix}
    return {"TopicArn": TOPIC, "Events": ["s3:ObjectCreated:*"], "Filter": {"Key": {"FilterRules": [rule]}}}


@pytest.mark.parametrize(
    ("prefix", "level", "part"),
    [
        ("docs/", "ok", "leave room for the stack's"),
        ("shop/new/", "fault", f"keys that start with 'shop/new/' to {TOPIC} already"),
    ],
)
def test_who_is_told_by_the_bucket_itself_needs_room_among_the_notifications_of_others(
    s3: "S3Client", prefix: str, level: str, part: str
) -> None:
    s3.put_bucket_notification_configuration(
        Bucket="photos",
        NotificationConfiguration={"TopicConfigurations": [with_filter(prefix)]},
        SkipDestinationValidation=True,
    )

    said = told("photos", "--prefix", "shop/", "--notified-by", "notification")

    assert level_of(said, part) == level
    assert said["settings"]["uploads_bucket"] == {"name": "photos", "notified_by": "notification"}
    assert not [what for what in levels(said) if "EventBridge" in what]


def configure(monkeypatch: pytest.MonkeyPatch, folder: Path, **settings: object) -> None:
    """Have a cdk.json with these settings."""
    (folder / "cdk.json").write_text(json.dumps({"app": "python app.py", "context": settings}))
    monkeypatch.setattr("darkroom.local.synthesis.PROJECT", folder)


TINY = {"tiny": {"width": 16}}


def test_what_lies_in_the_folder_of_each_preset_is_counted_and_the_estimate_goes_by_its_variants(
    s3: "S3Client", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in ("avatars/1.png", "avatars/old/2.png", "shop/a.jpg", "shop/b.txt", "elsewhere.gif"):
        s3.put_object(Bucket="photos", Key=key, Body=b"12345")
    presets = [
        {"prefix": "avatars/", "variants": TINY},
        {"prefix": "avatars/old/", "variants": {}},
        {"prefix": "shop/", "variants": TINY | {"large": {"width": 1600}}},
        {"prefix": "empty/", "variants": TINY},
    ]
    configure(monkeypatch, tmp_path, variants={}, presets=presets)
    estimates: list[Estimate] = []

    def noted(**given: Any) -> Estimate:
        estimates.append(Estimate(**given))
        return estimates[-1]

    monkeypatch.setattr("darkroom.cli.commands.adopt.Estimate", noted)

    said = told("photos")
    shown = adopt("photos").stderr

    assert {prefix: (each["objects"], each["images"], each["bytes"]) for prefix, each in said["presets"].items()} == {
        "avatars/": (1, 1, 5),
        "avatars/old/": (1, 1, 5),
        "shop/": (2, 1, 10),
        "empty/": (0, 0, 0),
    }
    assert (estimates[0].keys, estimates[0].renditions) == (3, 1 + 2 * 2)
    assert [line.split()[:3] for line in shown.splitlines() if line.startswith("avatars/old/")] == [
        ["avatars/old/", "1", "1"]
    ]


def test_settings_that_do_not_go_with_the_bucket_are_told(
    s3: "S3Client", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert s3.list_buckets()["Buckets"]
    configure(monkeypatch, tmp_path, presets=[{"prefix": "avatars/", "variants": TINY}])

    result = adopt("photos", "--prefix", "shop/")

    assert result.exit_code != 0
    assert "--prefix 'shop/': presets['avatars/'].prefix: 'avatars/'" in str(result.exception)


def test_a_prefix_that_no_setting_can_be_is_told_as_it_was_given(s3: "S3Client") -> None:
    assert s3.list_buckets()["Buckets"]

    result = adopt("photos", "--prefix", "müde/")

    assert isinstance(result.exception, UsageError)
    assert str(result.exception).startswith("--prefix 'müde/': key_prefix: 'müde/' is not allowed; expected at most")


def test_a_prefix_that_nothing_starts_with_is_told_and_so_is_one_that_is_no_folder(s3: "S3Client") -> None:
    s3.put_object(Bucket="photos", Key="shop/a.jpg", Body=b"1")

    assert level_of(told("photos", "--prefix", "Shop/"), "No key starts with 'Shop/', the key_prefix") == "warning"
    assert "For a folder write 'shop/'." in adopt("photos", "--prefix", "shop").stderr
    assert not [what for what in levels(told("photos", "--prefix", "shop/")) if "No key" in what]


def test_what_is_counted_are_the_keys_that_the_settings_have_resized(
    s3: "S3Client", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in ("shop/a.jpg", "elsewhere.gif"):
        s3.put_object(Bucket="photos", Key=key, Body=b"12345")
    configure(monkeypatch, tmp_path, key_prefix="shop/")

    assert told("photos")["whole"]["objects"] == 1


def test_a_rule_that_expires_objects_is_no_warning_where_their_variants_are_kept(
    s3: "S3Client", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule: Any = {"ID": "old", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 90}}
    s3.put_bucket_lifecycle_configuration(Bucket="photos", LifecycleConfiguration={"Rules": [rule]})
    configure(monkeypatch, tmp_path, keep_variants_of_expired=True)

    assert level_of(told("photos"), "'old' expires objects, and keep_variants_of_expired keeps") == "ok"
