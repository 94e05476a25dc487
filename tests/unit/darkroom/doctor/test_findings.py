"""What a finding advises can be done where its pipeline is."""

from dataclasses import replace

import pytest

from darkroom.doctor.concurrency import Grant, compare
from darkroom.doctor.findings import Finding, ok, on_this_machine
from darkroom.doctor.stack_names import check_names
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
