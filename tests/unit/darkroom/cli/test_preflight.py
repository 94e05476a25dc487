"""What is asked before the CDK starts: credentials once, and whether the stack keeps its bucket and its queue."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError, EndpointConnectionError, SSOTokenLoadError

from darkroom.cli import preflight
from darkroom.doctor.findings import Level
from darkroom.doctor.stack_names import StackNames, check_names, read_stack_names
from darkroom.errors import DarkroomError
from stacks.config.config import Config
from stacks.config.parser import parse_config
from stacks.names import Names, names_for, suffix_of

OLD_BUCKET = "darkroom-storageuploadsbdc5e374-1x2y3z4a5b6c"
OLD = Names(uploads_bucket=OLD_BUCKET, jobs_queue="Darkroom-jobs")
STACK_ID = "arn:aws:cloudformation:eu-west-1:123456789012:stack/Darkroom/51af3dc0-da77-11e4-872e-1234567db123"
NEW = names_for(Config(), suffix_of(STACK_ID))


@pytest.fixture(autouse=True)
def someone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody with credentials for one region, and no other AWS settings."""
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


@dataclass
class Aws:
    """What stands in for AWS: it knows everyone, and these stacks by region and name."""

    stacks: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    notifications: dict[str, Any] = field(default_factory=dict)
    algorithm: str = "AES256"
    missing: frozenset[str] = frozenset()
    bucket_region: str = "eu-west-1"

    def call(self, region: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        if operation == "GetCallerIdentity":
            return {"Account": "123456789012"}
        if operation == "HeadBucket":
            if parameters["Bucket"] in self.missing:
                raise client_error("404", 404, "Not Found")
            return {"BucketRegion": self.bucket_region}
        if operation == "GetBucketNotificationConfiguration":
            return self.notifications
        if operation == "GetBucketEncryption":
            default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": self.algorithm}}
            return {"ServerSideEncryptionConfiguration": {"Rules": [default]}}
        if operation in {"GetBucketVersioning", "GetBucketLifecycleConfiguration"}:
            return {}
        assert operation == "DescribeStacks"
        stack = self.stacks.get((region, parameters["StackName"]))
        if stack is None:
            raise client_error("ValidationError", 400, f"Stack with id {parameters['StackName']} does not exist")
        return {"Stacks": [stack]}

    def deploy(self, names: Names, stack_name: str = "Darkroom", region: str = "eu-west-1", **more: str) -> None:
        """Have a stack that tells these names, and more outputs."""
        outputs = {
            "UploadsBucket": names.uploads_bucket,
            "JobsQueueUrl": f"https://sqs.{region}.amazonaws.com/123456789012/{names.jobs_queue}",
            **more,
        }
        self.stacks[region, stack_name] = {
            "StackId": STACK_ID,
            "Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()],
        }


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Aws:
    made = Aws()

    def call(client: BaseClient, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        return made.call(client.meta.region_name, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    return made


def refusal(target: str, *arguments: str) -> str:
    """What ends it before the CDK starts."""
    with pytest.raises(SystemExit) as ended:
        preflight.main([target, *arguments])
    return str(ended.value.code)


@pytest.mark.usefixtures("aws")
def test_a_first_deployment_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    preflight.main(["deploy", "--require-approval", "never", "-c", "memory_mb=3008", "Darkroom"])

    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    ("arguments", "is_said"),
    [
        (["deploy"], True),
        (["deploy", "-c", "bundle_for=this-machine"], False),
        (["deploy", "--app", "cdk.out"], False),
        (["diff"], False),
    ],
)
def test_who_deploys_source_is_told_how_it_would_be_compiled(
    arguments: list[str], is_said: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(preflight, "compiler_for", lambda _: None)

    preflight.main(arguments)

    said = capsys.readouterr().err
    assert ("note: The function's code is deployed as source, which each cold start compiles" in said) == is_said
    assert ("make setup PYTHON=python3.14" in said) == is_said


@pytest.mark.parametrize("said", [[], ["--context=memory_mb=3008"], ["-c", "legacy_uploads_bucket=another-bucket"]])
def test_a_stack_from_before_0_1_0_is_not_deployed_without_its_buckets_name(aws: Aws, said: list[str]) -> None:
    aws.deploy(OLD)

    refused = refusal("deploy", *said)

    assert refused.startswith(f"make deploy: A deployment would replace the uploads bucket {OLD_BUCKET} and the jobs ")
    assert f'put "legacy_uploads_bucket": "{OLD_BUCKET}" into cdk.json' in refused
    assert f"or add -c legacy_uploads_bucket={OLD_BUCKET} to" in refused


@pytest.mark.parametrize(
    "said",
    [
        ["-c", f"legacy_uploads_bucket={OLD_BUCKET}"],
        [f"-clegacy_uploads_bucket={OLD_BUCKET}"],
        [f"--context=legacy_uploads_bucket={OLD_BUCKET}", "--hotswap"],
    ],
)
def test_a_stack_from_before_0_1_0_is_deployed_with_its_buckets_name(
    aws: Aws, said: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    aws.deploy(OLD)

    preflight.main(["deploy", *said])

    assert capsys.readouterr() == ("", "")


def test_the_stack_that_is_meant_is_the_one_of_the_arguments(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    aws.deploy(Names(uploads_bucket=OLD_BUCKET, jobs_queue="Staging-jobs"), "Staging")

    preflight.main(["deploy"])

    assert capsys.readouterr() == ("", "")
    assert "the jobs queue Staging-jobs" in refusal("deploy", "-c", "stack_name=Staging")


def test_a_difference_is_shown_and_destroying_and_bootstrapping_go_on(
    aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.deploy(OLD)

    for target in ("destroy", "bootstrap"):
        preflight.main([target])
    assert capsys.readouterr() == ("", "")

    preflight.main(["diff"])
    assert capsys.readouterr().err.startswith("note: A deployment would replace the uploads bucket")


def test_an_app_of_its_own_is_not_compared(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    aws.deploy(OLD)

    preflight.main(["deploy", "--app", "cdk.out"])

    assert "were not compared" in capsys.readouterr().err


@pytest.mark.usefixtures("aws")
def test_a_mistake_in_a_setting_is_told_before_the_cdk_starts() -> None:
    assert refusal("deploy", "-c", "memory_mb=lots").startswith("cdk.json: memory_mb: 'lots' is not allowed")


def test_without_credentials_a_person_is_told_how_to_get_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    for target in ("bootstrap", "deploy", "diff", "destroy"):
        assert refusal(target).startswith(
            f"make {target}: No AWS credentials are found. Set AWS_PROFILE, or give ARGS="
        )


def test_the_cdks_help_needs_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    preflight.main(["deploy", "--help"])


def test_a_profile_that_is_not_there_is_named() -> None:
    assert "nobody" in refusal("deploy", "--profile=nobody")
    assert "nobody" in refusal("deploy", "--profile", "nobody")


def test_an_option_without_its_value_is_told() -> None:
    assert refusal("deploy", "--profile") == "make deploy: argument --profile: expected one argument."


def test_where_no_region_is_set_it_looks_where_the_cdk_deploys(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION")
    aws.deploy(OLD, region="us-east-1")

    assert "would replace" in refusal("deploy")


def answering_with(error: Exception) -> Callable[..., object]:
    def answer(*_: object, **__: object) -> object:
        raise error

    return answer


def client_error(code: str, status: int, message: str = "") -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "Ask")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (client_error("ExpiredToken", 403), "AWS refuses your credentials"),
        (SSOTokenLoadError(error_msg="none"), "Your AWS credentials do not work"),
    ],
)
def test_credentials_that_are_no_good_end_it(error: Exception, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BaseClient, "_make_api_call", answering_with(error))

    assert said in refusal("destroy")


@pytest.mark.parametrize(
    "error", [EndpointConnectionError(endpoint_url="https://sts"), client_error("ServiceUnavailable", 503)]
)
def test_where_aws_cannot_be_asked_it_says_so_and_goes_on(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(BaseClient, "_make_api_call", answering_with(error))

    preflight.main(["deploy"])

    assert "The stack was not looked at, which matters for one from before 0.1.0" in capsys.readouterr().err


@pytest.mark.usefixtures("aws")
def test_who_may_not_describe_stacks_is_told_so_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("darkroom.doctor.stack_names.find_stack", answering_with(client_error("AccessDenied", 403)))

    preflight.main(["deploy"])

    said = capsys.readouterr().err
    assert said.startswith("note: Finding the stack 'Darkroom' failed: An error occurred (AccessDenied)")
    assert "The stack was not looked at" in said


@pytest.mark.parametrize(
    ("config", "names", "level", "advice"),
    [
        (Config(), NEW, Level.OK, ""),
        (Config(), OLD, Level.WARNING, f"-c legacy_uploads_bucket={OLD_BUCKET}"),
        (parse_config({"legacy_uploads_bucket": OLD_BUCKET}), OLD, Level.OK, ""),
        (parse_config({"legacy_uploads_bucket": "another"}), OLD, Level.WARNING, f"={OLD_BUCKET} "),
        (parse_config({"legacy_uploads_bucket": OLD_BUCKET}), NEW, Level.WARNING, "take legacy_uploads_bucket out"),
        (Config(), Names(uploads_bucket="a", jobs_queue="b"), Level.WARNING, "deploy the version of Darkroom"),
    ],
)
def test_what_a_deployment_would_rename_is_told_with_what_to_do(
    config: Config, names: Names, level: Level, advice: str
) -> None:
    finding = check_names(config, StackNames(stack_id=STACK_ID, names=names))

    assert finding.level is level
    assert advice in finding.advice
    assert bool(finding.advice) is (level is Level.WARNING)


EXISTING = {"uploads_bucket": {"name": "photos"}}
OF_EXISTING = replace(NEW, uploads_bucket="photos")


@pytest.mark.parametrize(
    ("settings", "names", "notified_by", "told"),
    [
        (EXISTING, NEW, None, "a deployment would have it resize those of photos, told of by eventbridge"),
        ({}, OF_EXISTING, "eventbridge", "resizes uploads of photos, told of by eventbridge"),
        ({"uploads_bucket": {"name": "pictures"}}, OF_EXISTING, "eventbridge", "those of pictures"),
        (EXISTING, OF_EXISTING, "another", "told of by another"),
    ],
)
def test_another_bucket_beneath_the_same_variants_is_refused(
    settings: dict[str, Any], names: Names, notified_by: str | None, told: str
) -> None:
    deployed = StackNames(stack_id=STACK_ID, names=names, notified_by=notified_by)

    finding = check_names(parse_config(settings), deployed)

    assert finding.level is Level.WARNING
    assert told in finding.what
    assert "another stack_name" in finding.advice


def test_the_bucket_that_a_stack_takes_from_already_is_kept() -> None:
    deployed = StackNames(stack_id=STACK_ID, names=OF_EXISTING, notified_by="eventbridge")

    assert check_names(parse_config(EXISTING), deployed).level is Level.OK
    assert check_names(parse_config(EXISTING), None).level is Level.OK


NOTIFIED = '{"name":"photos","notified_by":"notification"}'
THUMBS = {
    "Id": "thumbs",
    "LambdaFunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:thumbs",
    "Events": ["s3:ObjectCreated:Put"],
}


def test_a_notification_of_others_that_overlaps_refuses_a_deployment_before_it_begins(
    aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.notifications = {"LambdaFunctionConfigurations": [THUMBS]}

    refused = refusal("deploy", "-c", f"uploads_bucket={NOTIFIED}")
    preflight.main(["diff", "-c", f"uploads_bucket={NOTIFIED}"])

    assert refused.startswith(
        "make deploy: photos sends s3:ObjectCreated:Put of every key to arn:aws:lambda:eu-west-1:"
    )
    assert 'set notified_by to "eventbridge"' in refused
    assert capsys.readouterr().err == refused.replace("make deploy:", "note:") + "\n"


def test_those_of_the_stack_itself_and_of_other_folders_do_not(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    aws.deploy(OF_EXISTING, UploadsNotifiedBy="notification")
    own = {"Id": f"{OF_EXISTING.jobs_queue}-0", "QueueArn": "arn:ours", "Events": ["s3:ObjectCreated:*"]}
    rules = [{"Name": "Prefix", "Value": "docs/"}]
    aws.notifications = {
        "QueueConfigurations": [own],
        "LambdaFunctionConfigurations": [THUMBS | {"Filter": {"Key": {"FilterRules": rules}}}],
    }

    preflight.main(["deploy", "-c", f"uploads_bucket={NOTIFIED}", "-c", "key_prefix=shop/"])

    assert capsys.readouterr() == ("", "")


def deny(denied: str, error: ClientError, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have AWS refuse one operation."""
    call = BaseClient._make_api_call  # type: ignore[attr-defined]  # noqa: SLF001 - where it stands in for AWS

    def answer(client: BaseClient, operation: str, parameters: dict[str, Any]) -> object:
        if operation == denied:
            raise error
        return call(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", answer)


@pytest.mark.usefixtures("aws")
def test_who_may_not_read_notifications_is_told_so_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    deny("GetBucketNotificationConfiguration", client_error("AccessDenied", 403), monkeypatch)

    preflight.main(["deploy", "-c", f"uploads_bucket={NOTIFIED}"])

    assert "Whether the buckets that are there will do was not looked at" in capsys.readouterr().err


def test_a_derived_bucket_that_encrypts_with_kms_refuses_a_deployment_before_it_begins(
    aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    derived = 'derived_bucket={"name":"pictures","prefix":"made/"}'
    preflight.main(["deploy", "-c", derived])
    assert capsys.readouterr() == ("", "")

    aws.algorithm = "aws:kms"

    assert "pictures encrypts with KMS by default, and cannot be the derived bucket" in refusal("deploy", "-c", derived)


@pytest.mark.parametrize("setting", ["uploads_bucket", "derived_bucket"])
def test_a_bucket_that_is_not_there_refuses_a_deployment_before_it_begins(aws: Aws, setting: str) -> None:
    aws.missing = frozenset({"phtos"})

    refused = refusal("deploy", "-c", f'{setting}={{"name":"phtos"}}')

    assert refused == (
        f"make deploy: There is no bucket 'phtos', which {setting} names. Check {setting}.name, or make that bucket."
    )


def test_so_does_an_uploads_bucket_in_another_region_whose_events_do_not_reach_the_stack(aws: Aws) -> None:
    aws.bucket_region = "us-west-2"

    assert refusal("deploy", "-c", f"uploads_bucket={NOTIFIED}") == (
        "make deploy: photos is in us-west-2, and you would deploy to eu-west-1: its events do not reach there. "
        "Deploy to us-west-2: AWS_REGION=us-west-2."
    )
    preflight.main(["deploy", "-c", 'derived_bucket={"name":"pictures"}'])


@pytest.mark.usefixtures("aws")
def test_who_may_not_look_for_a_bucket_is_told_so_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    deny("HeadBucket", client_error("403", 403), monkeypatch)

    preflight.main(["deploy", "-c", f"uploads_bucket={NOTIFIED}"])

    assert capsys.readouterr().err.startswith("note: Looking for the bucket 'photos' failed: An error occurred (403)")


def test_the_stack_s_own_uploads_bucket_is_no_derived_bucket(aws: Aws) -> None:
    """Only the deployed stack knows its name, and what is made would be resized again and again."""
    aws.deploy(NEW)

    refused = refusal("deploy", "-c", f'derived_bucket={{"name":"{NEW.uploads_bucket}","prefix":"made/"}}')

    assert f"{NEW.uploads_bucket} has the uploads, too" in refused
    assert "Set key_prefix and derived_bucket's prefix to folders" in refused


@pytest.mark.parametrize(("before", "after"), [("eventbridge", "notification"), ("notification", "eventbridge")])
def test_another_way_to_be_told_of_the_same_bucket_is_refused(aws: Aws, before: str, after: str) -> None:
    aws.deploy(OF_EXISTING, UploadsNotifiedBy=before)

    refused = refusal("deploy", "-c", f'uploads_bucket={{"name":"photos","notified_by":"{after}"}}')

    assert f"of photos, told of by {before}; a deployment would have it resize those of photos, told of by" in refused


def test_a_new_stack_cannot_have_the_bucket_of_an_old_one() -> None:
    named = check_names(parse_config({"legacy_uploads_bucket": OLD_BUCKET}), None)

    assert check_names(Config(), None).level is Level.OK
    assert (named.level, named.advice.partition(" for")[0]) == (Level.WARNING, "Take legacy_uploads_bucket out")
    assert OLD_BUCKET in named.what


def test_the_names_of_a_stack_are_read_from_its_outputs(aws: Aws) -> None:
    cloudformation = boto3.client("cloudformation", region_name="eu-west-1")
    aws.deploy(OLD)

    found = read_stack_names("Darkroom", cloudformation)

    assert found == StackNames(stack_id=STACK_ID, names=OLD)
    assert read_stack_names("Nowhere", cloudformation) is None


def test_a_stack_that_was_never_created_whole_has_no_names(aws: Aws) -> None:
    cloudformation = boto3.client("cloudformation", region_name="eu-west-1")
    aws.stacks["eu-west-1", "Failed"] = {"StackId": STACK_ID, "StackStatus": "ROLLBACK_COMPLETE"}

    assert read_stack_names("Failed", cloudformation) is None


def test_cloudformation_that_refuses_is_told_as_what_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("darkroom.doctor.stack_names.find_stack", answering_with(client_error("AccessDenied", 403)))

    with pytest.raises(DarkroomError, match="Finding the stack 'Darkroom' failed"):
        read_stack_names("Darkroom", boto3.client("cloudformation", region_name="eu-west-1"))
