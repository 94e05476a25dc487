"""A stack whose derived bucket is there already: it makes none, and may write below its prefix alone."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import cfnlint.api  # type: ignore[import-untyped]  # cfn-lint says nothing of its types
import pytest

from resize.settings import Settings
from stack.test_rules import findings_in
from stacks.config.config import Config
from stacks.config.derived_bucket import ExistingDerivedBucket
from stacks.outputs import DerivedOutput, Output
from support.aws.stack import Template, in_cloudformation, make_app, synthesize

CONFIG = Config(derived_bucket=ExistingDerivedBucket(name="pictures", prefix="made/"))


@pytest.fixture(scope="module")
def derived(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return synthesize(tmp_path_factory.mktemp("derived"), CONFIG)


def statements(template: Template) -> dict[str, dict[str, Any]]:
    """What the function's role allows, by its name."""
    policy = template.only("AWS::IAM::Policy")["Properties"]["PolicyDocument"]
    return {each["Sid"]: each for each in policy["Statement"] if "Sid" in each}


def test_the_stack_makes_no_bucket_but_the_uploads_one(derived: Template) -> None:
    assert set(derived.all_of("AWS::S3::Bucket")) == {derived.id_of(Output.UPLOADS_BUCKET)}
    assert len(derived.all_of("AWS::S3::BucketPolicy")) == 1


def test_the_function_writes_below_the_prefix_alone(derived: Template) -> None:
    found = statements(derived)

    assert in_cloudformation(found["KeepDerived"]["Resource"]) == "arn:aws:s3:::pictures/made/*"
    assert in_cloudformation(found["SeeGoneDerived"]["Resource"]) == "arn:aws:s3:::pictures"


def test_the_function_and_the_outputs_are_told_the_prefix(derived: Template) -> None:
    variables = derived.only("AWS::Lambda::Function")["Properties"]["Environment"]["Variables"]

    told = {name: in_cloudformation(value) for name, value in variables.items()}
    assert Settings.from_environment(told).derived_prefix == "made/"
    assert derived.json["Outputs"][Output.DERIVED_BUCKET]["Value"] == "pictures"
    assert derived.json["Outputs"][DerivedOutput.PREFIX]["Value"] == "made/"


def test_of_a_whole_bucket_no_empty_output_tells(tmp_path: Path) -> None:
    template = synthesize(tmp_path, replace(CONFIG, derived_bucket=ExistingDerivedBucket(name="pictures")))

    assert DerivedOutput.PREFIX not in template.json["Outputs"]
    variables = template.only("AWS::Lambda::Function")["Properties"]["Environment"]["Variables"]
    assert variables["DARKROOM_DERIVED_PREFIX"] == ""
    assert in_cloudformation(statements(template)["KeepDerived"]["Resource"]) == "arn:aws:s3:::pictures/*"


def test_rule_packs_and_cfn_lint_find_nothing(tmp_path: Path, derived: Template) -> None:
    assert findings_in(make_app(tmp_path, CONFIG)) == []
    assert [str(match) for match in cfnlint.api.lint(derived.text)] == []
