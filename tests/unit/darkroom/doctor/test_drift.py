"""What is deployed is held against what this folder says, place by place."""

import copy
from types import SimpleNamespace
from typing import Any

import pytest

from darkroom.doctor.drift import Difference, compare_function, compare_templates, differences_of
from darkroom.doctor.findings import Level
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.deploy_advice import START_AGAIN
from resize.imaging.variants import Variant
from resize.settings import Settings
from stacks.bundle.bytecode import SOURCES
from support.aws.deployments import deployed as deployed_pipeline

TEMPLATE: dict[str, Any] = {
    "Parameters": {"BootstrapVersion": {"Default": "/cdk"}},
    "Resources": {
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {"MemorySize": 1769, "Code": {"S3Key": "a.zip"}, "Layers": ["one", "two"]},
            "Metadata": {"aws:asset:path": "asset.a"},
        },
        "VersionA": {"Type": "AWS::Lambda::Version", "Properties": {}},
        "Alias": {
            "Type": "AWS::Lambda::Alias",
            "Properties": {"Name": "live", "FunctionVersion": {"Fn::GetAtt": ["VersionA", "Version"]}},
        },
    },
}


def changed() -> dict[str, Any]:
    return copy.deepcopy(TEMPLATE)


def levels(deployed: dict[str, Any]) -> list[Level]:
    return [finding.level for finding in compare_templates(TEMPLATE, deployed, deployed_pipeline())]


def test_equal_templates_have_no_drift() -> None:
    assert levels(changed()) == [Level.OK, Level.OK]


def test_a_changed_property_is_told_with_both_values() -> None:
    deployed = changed()
    deployed["Resources"]["Function"]["Properties"]["MemorySize"] = 3008

    template, bundle = compare_templates(TEMPLATE, deployed, deployed_pipeline())

    assert template.level is Level.WARNING
    assert "Resources.Function.Properties.MemorySize is 3008 there and 1769 here" in template.what
    assert bundle.level is Level.OK


def test_nobody_is_sent_to_aws_by_a_pipeline_on_this_machine() -> None:
    deployed = changed()
    deployed["Resources"]["Function"]["Properties"] = {"MemorySize": 3008, "Code": {"S3Key": "b.zip"}}

    there = [each.advice for each in compare_templates(TEMPLATE, deployed, deployed_pipeline())]
    here = [each.advice for each in compare_templates(TEMPLATE, deployed, deployed_pipeline("http://127.0.0.1:4566"))]

    assert ["make deploy" in advice for advice in there] == [True, True]
    assert here == [START_AGAIN, START_AGAIN]
    assert "darkroom up" in START_AGAIN


def test_another_bundle_is_told_once_and_not_by_the_version_that_follows_from_it() -> None:
    deployed = changed()
    deployed["Resources"]["Function"]["Properties"]["Code"] = {"S3Key": "b.zip"}
    deployed["Resources"]["Function"]["Metadata"] = {}
    deployed["Resources"]["VersionB"] = deployed["Resources"].pop("VersionA")
    deployed["Resources"]["Alias"]["Properties"]["FunctionVersion"] = {"Fn::GetAtt": ["VersionB", "Version"]}

    assert levels(deployed) == [Level.OK, Level.WARNING]


@pytest.mark.parametrize(
    ("sources_here", "sources_there", "level"),
    [("same", "same", Level.OK), ("one", "other", Level.WARNING), (None, None, Level.WARNING)],
    ids=["compiled there and not here", "other sources", "deployed before sources had a digest"],
)
def test_the_same_sources_are_no_drift_whether_they_are_compiled_or_not(
    sources_here: str | None, sources_there: str | None, level: Level
) -> None:
    here, deployed = changed(), changed()
    for template, place, sources in ((here, "a.zip", sources_here), (deployed, "b.zip", sources_there)):
        function = template["Resources"]["Function"]
        function["Properties"]["Code"] = {"S3Key": place}
        function["Metadata"] = {} if sources is None else {SOURCES: sources}

    template_finding, code = compare_templates(here, deployed, deployed_pipeline())

    assert template_finding.level is Level.OK
    assert code.level is level
    assert ("is not compiled here as it is there" in code.what) == (level is Level.OK)


def test_of_several_functions_those_are_named_whose_code_is_another() -> None:
    here, deployed = changed(), changed()
    for template, place in ((here, "a.zip"), (deployed, "b.zip")):
        template["Resources"]["Announce"] = {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"S3Key": place}}}

    _, code = compare_templates(here, deployed, deployed_pipeline())

    assert code.what == "The code of Announce is not this folder's: it or its requirements have changed."


def test_the_function_that_takes_jobs_is_looked_at_and_no_other_of_the_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    variables = Settings(
        uploads_bucket="u", derived_bucket="d", variants=(Variant(name="a", width=1),)
    ).to_environment()
    here = {"Environment": {"Variables": variables}, "Timeout": 330, "MemorySize": 1769}
    deployed = changed()
    other = {"Environment": {"Variables": {"BROKERS": "b"}}, "Timeout": 60, "MemorySize": 256}
    deployed["Outputs"] = {"FunctionName": {"Value": {"Ref": "Resize"}}}
    deployed["Resources"] = {
        "Announce": {"Type": "AWS::Lambda::Function", "Properties": other},
        "Resize": {"Type": "AWS::Lambda::Function", "Properties": here},
    }
    found: dict[str, Any] = {**here, "CodeSha256": "c", "Version": "1"}
    functions = SimpleNamespace(get_function_configuration=lambda **_: found)
    monkeypatch.setattr(Pipeline, "client", lambda *_: functions)

    well = [*compare_function(deployed, deployed_pipeline())]
    found["MemorySize"] = 3008
    changed_by_hand = [*compare_function(deployed, deployed_pipeline())]

    assert [each.what for each in well] == ["The function's version 1 takes the jobs."]
    assert [each.level for each in changed_by_hand] == [Level.FAULT, Level.FAULT, Level.OK]
    assert "was changed by hand: its timeout or memory." in changed_by_hand[0].what


def test_many_differences_are_counted_and_few_shown() -> None:
    deployed = changed()
    for number in range(7):
        deployed["Resources"][f"Queue{number}"] = {"Type": "AWS::SQS::Queue", "Properties": {}}

    template, _ = compare_templates(TEMPLATE, deployed, deployed_pipeline())

    assert template.what.count(" there and nothing here") == 5
    assert template.what.endswith("and 2 more.")


def test_differences_are_found_at_any_depth() -> None:
    here = {"a": [1, {"b": 2}], "c": [1], "same": [1]}
    deployed = {"a": [1, {"b": 3}], "c": [1, 2], "same": [1], "new": None}

    assert [*differences_of(here, deployed)] == [
        Difference(path="a[1].b", here=2, deployed=3),
        Difference(path="c", here=[1], deployed=[1, 2]),
    ]
