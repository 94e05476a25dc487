"""Where the emulator's S3 is not AWS's. Each test names a difference, and fails once a new version has removed it."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError
from ministack.core.iam_evaluator import fnmatch_iam_cs

from support.aws.resources import Aws

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import WaiterConfigTypeDef


def test_differs_a_copy_on_condition_copies_whatever_the_condition(aws: Aws) -> None:
    # docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html: If-None-Match, 412 when the key exists
    bucket = aws.bucket()
    aws.s3.put_object(Bucket=bucket, Key="source", Body=b"new")
    aws.s3.put_object(Bucket=bucket, Key="there already", Body=b"old")

    aws.s3.copy_object(Bucket=bucket, Key="there already", CopySource=f"{bucket}/source", IfNoneMatch="*")

    assert aws.s3.get_object(Bucket=bucket, Key="there already")["Body"].read() == b"new"


def test_differs_asked_about_a_part_it_tells_of_the_whole_object(aws: Aws) -> None:
    # docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html, partNumber: the length of that part. Hence what other
    # clients than ours have uploaded here in parts is uploaded again.
    bucket = aws.bucket()
    begun = aws.s3.create_multipart_upload(Bucket=bucket, Key="in parts")["UploadId"]
    parts = [
        aws.s3.upload_part(Bucket=bucket, Key="in parts", UploadId=begun, PartNumber=number, Body=body)
        for number, body in ((1, b"x" * 5 * 1024 * 1024), (2, b"x"))
    ]
    listed = [{"ETag": part["ETag"], "PartNumber": number} for number, part in enumerate(parts, start=1)]
    aws.s3.complete_multipart_upload(
        Bucket=bucket,
        Key="in parts",
        UploadId=begun,
        MultipartUpload={"Parts": listed},  # type: ignore[typeddict-item]
    )

    told = aws.s3.head_object(Bucket=bucket, Key="in parts", PartNumber=1)

    assert told["ContentLength"] == 5 * 1024 * 1024 + 1


def test_differs_a_key_of_more_than_1024_bytes_is_taken(aws: Aws) -> None:
    # docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html: KeyTooLongError, 400
    bucket = aws.bucket()

    aws.s3.put_object(Bucket=bucket, Key="k" * 1025, Body=b"")

    assert aws.s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1


@pytest.mark.parametrize("uploads", [0, 1], ids=["never uploaded", "deleted already"])
def test_differs_a_delete_marker_over_nothing_sends_no_event(aws: Aws, uploads: int) -> None:
    # docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html: an event
    # "when a delete marker is created for a versioned object"
    queue = aws.queue()
    bucket = aws.bucket_that_tells(queue)
    for _ in range(uploads):
        aws.s3.put_object(Bucket=bucket, Key="gone", Body=b"")
        aws.s3.delete_object(Bucket=bucket, Key="gone")
        assert [aws.event(queue)["eventName"] for _ in range(2)] == [
            "ObjectCreated:Put",
            "ObjectRemoved:DeleteMarkerCreated",
        ]

    assert aws.s3.delete_object(Bucket=bucket, Key="gone")["DeleteMarker"]
    aws.s3.put_object(Bucket=bucket, Key="what comes next", Body=b"")

    assert aws.event(queue)["s3"]["object"]["key"] == "what+comes+next"


def test_differs_the_losers_of_a_race_are_never_told_to_try_again(aws: Aws) -> None:
    # docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html: 409 ConditionalRequestConflict beside 412
    bucket = aws.bucket()

    def write(number: int) -> str:
        try:
            aws.s3.put_object(Bucket=bucket, Key="raced for", Body=b"%d" % number * 10_000, IfNoneMatch="*")
        except ClientError as error:
            return error.response["Error"]["Code"]
        return "written"

    with ThreadPoolExecutor(24) as threads:
        answers = set(threads.map(write, range(96)))

    assert answers == {"written", "PreconditionFailed"}


def test_differs_a_bucket_tells_a_queue_whose_policy_does_not_let_it(aws: Aws) -> None:
    # docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html: the configuration is
    # refused, "Unable to validate the following destination configurations". Policies count in test_least_privilege.py.
    queue = aws.queue()
    bucket = aws.bucket_that_tells(queue)

    aws.s3.put_object(Bucket=bucket, Key="told", Body=b"")

    assert aws.event(queue)["s3"]["object"]["key"] == "told"


def test_differs_a_bucket_policy_that_refuses_plain_http_refuses_nothing(aws: Aws) -> None:
    # docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html: 403 for what is not sent through TLS
    bucket = aws.bucket()
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    aws.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))

    aws.s3.put_object(Bucket=bucket, Key="sent in the clear", Body=b"")

    assert aws.s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1


def test_differs_cloudformation_deletes_a_bucket_that_is_not_empty(aws: Aws) -> None:
    # docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html: "You can only delete
    # empty buckets"
    resources = {"Bucket": {"Type": "AWS::S3::Bucket"}}
    outputs = {"Name": {"Value": {"Ref": "Bucket"}}}
    template = json.dumps({"Resources": resources, "Outputs": outputs})
    name = "with-a-full-bucket"
    quickly: WaiterConfigTypeDef = {"Delay": 0.1, "MaxAttempts": 200}  # type: ignore[typeddict-item]
    aws.cloudformation.create_stack(StackName=name, TemplateBody=template)
    aws.cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig=quickly)
    bucket = aws.cloudformation.describe_stacks(StackName=name)["Stacks"][0]["Outputs"][0]["OutputValue"]
    aws.s3.put_object(Bucket=bucket, Key="still here", Body=b"")

    aws.cloudformation.delete_stack(StackName=name)

    aws.cloudformation.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig=quickly)
    assert bucket not in {entry["Name"] for entry in aws.s3.list_buckets()["Buckets"]}


def test_differs_a_wildcard_of_a_policy_matches_no_newline() -> None:
    # docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html: any combination of characters.
    # Hence a distribution here answers 403 for a key with one, as docs/delivery.md says.
    assert fnmatch_iam_cs("arn:aws:s3:::derived/thumb/a b.jpg.webp", "arn:aws:s3:::derived/*")
    assert not fnmatch_iam_cs("arn:aws:s3:::derived/thumb/a\nb.jpg.webp", "arn:aws:s3:::derived/*")
