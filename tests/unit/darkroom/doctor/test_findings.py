"""What a finding advises can be done where its pipeline is, and what is gone is told from what may not be looked at."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from darkroom.doctor.concurrency import Grant, compare
from darkroom.doctor.findings import Check, Finding, Level, ok, on_this_machine
from darkroom.doctor.stack_names import check_names
from darkroom.errors import aws_errors
from darkroom.pipeline.deploy_advice import START_AGAIN
from stacks.config.parser import parse_config
from support.aws.deployments import deployed

ON_AWS = deployed()
HERE = replace(ON_AWS, endpoint_url="http://127.0.0.1:4566")
ADVISED = [
    *compare([{}], Grant(all=10, unreserved=10), "us-east-1"),
    check_names(parse_config({"legacy_uploads_bucket": "darkroom-storageuploads-1x2y"}), None),
]


@pytest.mark.parametrize("finding", ADVISED)
def test_a_pipeline_of_this_machine_is_started_again_and_one_on_aws_deployed(finding: Finding) -> None:
    assert on_this_machine(finding, HERE) == replace(finding, advice=START_AGAIN)
    assert on_this_machine(finding, ON_AWS) == finding


def test_where_all_is_well_nothing_is_advised_anywhere() -> None:
    assert on_this_machine(ok("well"), HERE) == ok("well")


@pytest.mark.parametrize(
    ("code", "level", "advice"),
    [
        ("NoSuchBucket", Level.FAULT, "Make it again by that name"),
        ("AWS.SimpleQueueService.NonExistentQueue", Level.FAULT, "Make it again by that name"),
        ("AccessDenied", Level.WARNING, "Get the permission that is named"),
        ("NoSuchKey", Level.WARNING, "try again"),
    ],
)
def test_a_bucket_or_a_queue_that_is_gone_is_a_fault_and_a_permission_that_is_missing_a_warning(
    code: str, level: Level, advice: str
) -> None:
    def look() -> Iterator[Finding]:
        with aws_errors("Reading it"):
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, "GetIt")
        yield ok("never")

    (finding,) = Check("It", look).findings()

    assert finding.level is level
    assert finding.what.startswith("It could not be checked. Reading it failed: ")
    assert advice in finding.advice
