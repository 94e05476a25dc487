"""The CDK's feature flags: none is left for the CDK's command line to warn of."""

import json
from pathlib import Path

from stacks.config.config import Config
from stacks.config.feature_flags import FEATURE_FLAGS
from support.aws.stack import make_app

# Its command line passes over these (aws-cdk 2.1148.1, OBSOLETE_FLAGS).
OBSOLETE = {
    "@aws-cdk/core:enableStackNameDuplicates",
    "@aws-cdk/aws-s3:grantWriteWithoutAcl",
    "@aws-cdk/aws-kms:defaultKeyPolicies",
}


def test_the_cdks_command_line_finds_no_feature_flag_that_is_not_configured(tmp_path: Path) -> None:
    make_app(tmp_path, Config()).synth()
    artifacts = json.loads((tmp_path / "cdk.out" / "manifest.json").read_text())["artifacts"]
    (report,) = [found for found in artifacts.values() if found["type"] == "cdk:feature-flag-report"]
    flags = report["properties"]["flags"]

    unconfigured = {
        name
        for name, flag in flags.items()
        if "userValue" not in flag
        and flag.get("unconfiguredBehavesLike", {}).get("v2", False) != flag["recommendedValue"]
    }

    assert unconfigured - OBSOLETE == set()
    assert {name for name, flag in flags.items() if "userValue" in flag} == set(FEATURE_FLAGS)


def test_every_flag_is_as_recommended_but_the_one_that_tells_aws_more_about_the_stack(tmp_path: Path) -> None:
    make_app(tmp_path, Config()).synth()
    artifacts = json.loads((tmp_path / "cdk.out" / "manifest.json").read_text())["artifacts"]
    (report,) = [found for found in artifacts.values() if found["type"] == "cdk:feature-flag-report"]

    others = {
        name
        for name, flag in report["properties"]["flags"].items()
        if "userValue" in flag and flag["userValue"] != flag["recommendedValue"]
    }

    assert others == {"@aws-cdk/core:enableAdditionalMetadataCollection"}
