"""The names of the uploads bucket and the queues: of one stack alone, or those that an old stack has."""

import re
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from contract.errors import SettingsError
from stacks.config.config import Config
from stacks.config.existing_bucket import BUCKET_NAME
from stacks.config.parser import parse_config
from stacks.names import Names, events_queue, names_for, suffix_of
from stacks.outputs import Output
from support.aws.stack import STACK_ID, Template, in_cloudformation, synthesize

from aws_cdk import aws_s3 as s3  # isort: skip  # after stacks, which chooses its Node

# docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html, and what SQS takes for a queue.
BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
QUEUE = re.compile(r"[A-Za-z0-9_-]{1,80}")

OLD = replace(Config(), legacy_uploads_bucket="darkroom-storageuploadsbdc5e374-1x2y3z4a5b6c")


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """What is deployed to a stack from before 0.1.0."""
    return synthesize(tmp_path_factory.mktemp("old"), OLD)


def test_the_uploads_bucket_and_the_jobs_queue_have_a_suffix_of_the_stacks_id(template: Template) -> None:
    bucket = template.behind(Output.UPLOADS_BUCKET)["Properties"]["BucketName"]
    queue = template.behind(Output.JOBS_QUEUE_URL)["Properties"]["QueueName"]

    assert in_cloudformation(bucket) == "darkroom-uploads-51af3dc01234567db123"
    assert in_cloudformation(queue) == "Darkroom-jobs-51af3dc01234567db123"


def test_python_and_cloudformation_give_the_same_names(template: Template) -> None:
    bucket = template.behind(Output.UPLOADS_BUCKET)["Properties"]["BucketName"]
    queue = template.behind(Output.JOBS_QUEUE_URL)["Properties"]["QueueName"]

    assert names_for(Config(), suffix_of(STACK_ID)) == Names(
        uploads_bucket=in_cloudformation(bucket), jobs_queue=in_cloudformation(queue)
    )


def test_a_stack_that_is_created_again_has_other_names(template: Template) -> None:
    bucket = template.behind(Output.UPLOADS_BUCKET)["Properties"]["BucketName"]
    queue = template.behind(Output.JOBS_QUEUE_URL)["Properties"]["QueueName"]
    again = STACK_ID.replace("51af3dc0", "62b04ed1")

    for name in (bucket, queue):
        assert in_cloudformation(name) != in_cloudformation(name, again)


@pytest.mark.parametrize("stack_name", ["A", "A-", "S" * 64, f"{'Photos-' * 9}a", f"{'a' * 33}-{'b' * 30}"])
def test_every_name_of_a_stack_gives_names_that_s3_and_sqs_take(stack_name: str) -> None:
    names = names_for(parse_config({"stack_name": stack_name}), suffix_of(STACK_ID))
    events = events_queue(stack_name, suffix_of(STACK_ID))

    assert BUCKET.fullmatch(names.uploads_bucket)
    assert QUEUE.fullmatch(names.jobs_queue)
    assert QUEUE.fullmatch(events.removesuffix(".fifo"))
    assert len(events) <= 80
    assert "--" not in names.uploads_bucket


def test_a_stack_from_before_0_1_0_keeps_its_bucket_and_its_queue(old: Template) -> None:
    assert "BucketName" not in old.behind(Output.UPLOADS_BUCKET)["Properties"]
    assert old.behind(Output.JOBS_QUEUE_URL)["Properties"]["QueueName"] == "Darkroom-jobs"


def test_a_stack_from_before_0_1_0_names_its_bucket_wherever_it_is_needed(old: Template) -> None:
    arn = f"arn:aws:s3:::{OLD.legacy_uploads_bucket}"
    (policy,) = [
        statement
        for statement in old.policies_of(Output.JOBS_QUEUE_URL, "AWS::SQS::QueuePolicy")
        if statement["Effect"] == "Allow"
    ]
    statements = old.only("AWS::IAM::Policy")["Properties"]["PolicyDocument"]["Statement"]
    granted = {statement.get("Sid"): in_cloudformation(statement["Resource"]) for statement in statements}
    variables = old.only("AWS::Lambda::Function")["Properties"]["Environment"]["Variables"]

    assert in_cloudformation(policy["Condition"]["ArnEquals"]["aws:SourceArn"]) == arn
    assert (granted["ReadUploads"], granted["SeeGoneUploads"]) == (f"{arn}/*", arn)
    assert variables["DARKROOM_UPLOADS_BUCKET"] == OLD.legacy_uploads_bucket


def test_no_resource_of_an_old_stack_changes_its_logical_id(template: Template, old: Template) -> None:
    kinds = ("AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::SQS::QueuePolicy", "AWS::Lambda::Function")

    assert [template.all_of(kind).keys() for kind in kinds] == [old.all_of(kind).keys() for kind in kinds]


@pytest.mark.parametrize("stack_name", ["xn--photos", "Sthree-x", "amzn-s3-demo-bucket"])
def test_a_stack_name_that_makes_a_bucket_name_of_s3s_own_is_refused(stack_name: str) -> None:
    with pytest.raises(SettingsError, match=f"stack_name: '{stack_name}' is not allowed; expected a name that does"):
        parse_config({"stack_name": stack_name})

    assert parse_config({"stack_name": stack_name, "legacy_uploads_bucket": "its-bucket"}).stack_name == stack_name


@pytest.mark.parametrize(
    "bucket", ["", "Its-Bucket", "-a", "a-", "ab", "a" * 64, "a_b", "a..b", "10.0.0.1", "s3:a", "a\n", 7]
)
def test_what_cannot_be_the_name_of_a_bucket_is_refused(bucket: object) -> None:
    with pytest.raises(SettingsError, match=r"legacy_uploads_bucket: .* is not allowed; expected the name of a bucket"):
        parse_config({"legacy_uploads_bucket": bucket})


@given(st.from_regex(BUCKET_NAME, fullmatch=True) | st.text("a0.-", min_size=3, max_size=9))
def test_a_name_that_a_setting_takes_is_one_that_the_cdk_takes(bucket: str) -> None:
    assume(BUCKET_NAME.fullmatch(bucket))

    assert parse_config({"uploads_bucket": {"name": bucket}})
    s3.Bucket.validate_bucket_name(bucket)
