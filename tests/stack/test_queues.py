"""The queues: encrypted, over TLS alone, each with its side of the redrive agreement, and only S3 may send."""

import pytest

from stacks.outputs import Output
from support.aws.stack import Template, arn_of, in_cloudformation

QUEUES = (Output.JOBS_QUEUE_URL, Output.DEAD_LETTER_QUEUE_URL)
DAY = 24 * 60 * 60


@pytest.mark.parametrize("queue", QUEUES)
def test_a_queue_is_encrypted(template: Template, queue: Output) -> None:
    assert template.behind(queue)["Properties"]["SqsManagedSseEnabled"] is True


@pytest.mark.parametrize("queue", QUEUES)
def test_a_queue_denies_everyone_without_tls(template: Template, queue: Output) -> None:
    assert {
        "Action": "sqs:*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Resource": arn_of(template.id_of(queue)),
    } in template.policies_of(queue, "AWS::SQS::QueuePolicy")


def test_only_the_uploads_bucket_of_this_account_may_send_a_job(template: Template) -> None:
    name = template.behind(Output.UPLOADS_BUCKET)["Properties"]["BucketName"]
    statements = template.policies_of(Output.JOBS_QUEUE_URL, "AWS::SQS::QueuePolicy")

    (allowed,) = [statement for statement in statements if statement["Effect"] == "Allow"]
    sources = allowed.pop("Condition")

    assert in_cloudformation(sources["ArnEquals"].pop("aws:SourceArn")) == f"arn:aws:s3:::{in_cloudformation(name)}"
    assert [sources, allowed] == [
        {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}, "ArnEquals": {}},
        {
            "Sid": "UploadsBucketSends",
            "Action": "sqs:SendMessage",
            "Effect": "Allow",
            "Principal": {"Service": "s3.amazonaws.com"},
            "Resource": arn_of(template.id_of(Output.JOBS_QUEUE_URL)),
        },
    ]


def test_no_policy_lets_anyone_at_the_dead_letter_queue(template: Template) -> None:
    statements = template.policies_of(Output.DEAD_LETTER_QUEUE_URL, "AWS::SQS::QueuePolicy")

    assert {statement["Effect"] for statement in statements} == {"Deny"}


def test_a_job_received_eight_times_goes_to_the_dead_letter_queue(template: Template) -> None:
    assert template.behind(Output.JOBS_QUEUE_URL)["Properties"]["RedrivePolicy"] == {
        "deadLetterTargetArn": arn_of(template.id_of(Output.DEAD_LETTER_QUEUE_URL)),
        "maxReceiveCount": 8,
    }


def test_the_dead_letter_queue_takes_from_the_jobs_queue_alone(template: Template) -> None:
    name = template.behind(Output.JOBS_QUEUE_URL)["Properties"]["QueueName"]
    allowed = template.behind(Output.DEAD_LETTER_QUEUE_URL)["Properties"]["RedriveAllowPolicy"]

    assert allowed.keys() == {"redrivePermission", "sourceQueueArns"}
    assert allowed["redrivePermission"] == "byQueue"
    assert [in_cloudformation(arn) for arn in allowed["sourceQueueArns"]] == [
        f"arn:aws:sqs:eu-west-1:123456789012:{in_cloudformation(name)}"
    ]


def test_a_job_is_kept_four_days_and_a_dead_letter_fourteen(template: Template) -> None:
    days = [template.behind(queue)["Properties"]["MessageRetentionPeriod"] / DAY for queue in QUEUES]

    assert days == [4, 14]


def test_a_received_job_stays_hidden_for_six_function_timeouts_and_the_batch_window(template: Template) -> None:
    timeout = template.only("AWS::Lambda::Function")["Properties"]["Timeout"]
    window = template.only("AWS::Lambda::EventSourceMapping")["Properties"]["MaximumBatchingWindowInSeconds"]

    assert template.behind(Output.JOBS_QUEUE_URL)["Properties"]["VisibilityTimeout"] == 6 * timeout + window
