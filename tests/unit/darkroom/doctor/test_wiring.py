"""What of the wiring can be judged without asking AWS."""

import pytest

from darkroom.doctor.findings import Level
from darkroom.doctor.wiring import check_visibility, expected_prefixes
from darkroom.pipeline.deployed_config import prefix_of


@pytest.mark.parametrize(
    ("visibility", "timeout", "is_aws", "level"),
    [
        (1801, 300, True, Level.OK),
        (1799, 300, True, Level.WARNING),
        (299, 300, True, Level.FAULT),
        (120, 120, False, Level.OK),
        (119, 120, False, Level.FAULT),
    ],
)
def test_a_job_must_stay_hidden_for_as_long_as_it_may_be_worked_on(
    visibility: int, timeout: int, is_aws: bool, level: Level
) -> None:
    assert check_visibility(visibility, timeout, is_aws=is_aws).level is level


@pytest.mark.parametrize(("visibility", "seconds"), [(330, 30), (1980, 30), (40, 10)])
def test_how_soon_a_failed_job_is_tried_again_is_told_beside_how_long_one_is_hidden(
    visibility: int, seconds: int
) -> None:
    finding = check_visibility(visibility, 30, is_aws=False)

    assert f"hidden for {visibility} s while it is worked on" in finding.what
    assert f"one that fails shows again after some {seconds} s." in finding.what


def test_the_prefix_of_a_template_and_of_a_bucket_are_told_alike() -> None:
    template = {
        "Resources": {
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Uploads": {
                "Properties": {
                    "NotificationConfiguration": {
                        "QueueConfigurations": [
                            *[{"Filter": {"S3Key": {"Rules": [{"Name": "prefix", "Value": "photos/"}]}}}] * 3,
                            {"Filter": {"S3Key": {"Rules": [{"Name": "prefix", "Value": "avatars/"}]}}},
                        ]
                    }
                }
            },
        }
    }

    assert expected_prefixes(template) == ("photos/", "avatars/")
    assert prefix_of({"Filter": {"Key": {"FilterRules": [{"Name": "Prefix", "Value": "photos/"}]}}}) == "photos/"
    assert expected_prefixes({"Resources": {}}) == (prefix_of({}),) == ("",)


def test_the_prefixes_are_found_where_a_rule_of_eventbridge_has_them() -> None:
    keys = [{"prefix": "avatars/"}, {"prefix": "photos/"}]
    pattern = {"source": ["aws.s3"], "detail": {"object": {"key": keys}}}
    other = {"source": ["aws.ec2"], "detail": {"object": {"key": [{"prefix": "no"}]}}}
    rules = {name: {"Properties": {"EventPattern": each}} for name, each in [("A", other), ("B", pattern)]}

    assert expected_prefixes({"Resources": rules}) == ("avatars/", "photos/")
