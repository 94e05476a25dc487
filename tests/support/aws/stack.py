"""Synthesizes the stack for a configuration, and reads the template by what a resource is for."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

# First: it chooses the Node that aws_cdk starts as it is imported.
from stacks.config.config import Config  # isort: skip

from aws_cdk import App

from stacks.config.feature_flags import FEATURE_FLAGS
from stacks.outputs import Output
from stacks.pipeline import PipelineStack

Json: TypeAlias = dict[str, Any]

# With every resource that a stack can have.
EVERYTHING = replace(Config(), alarm_email="ops@example.com", alarm_no_jobs_hours=24)


@dataclass(frozen=True, slots=True)
class Template:
    """What CloudFormation would be sent."""

    text: str

    @property
    def json(self) -> Json:
        """The template, parsed."""
        content: Json = json.loads(self.text)
        return content

    def all_of(self, kind: str) -> dict[str, Json]:
        """Every resource of a CloudFormation type, by its logical id."""
        return {name: found for name, found in self.json["Resources"].items() if found["Type"] == kind}

    def only(self, kind: str) -> Json:
        """The one resource of a CloudFormation type."""
        (resource,) = self.all_of(kind).values()
        return resource

    def id_of(self, output: Output) -> str:
        """The logical id of the resource that an output tells of."""
        name: str = self.json["Outputs"][output.value]["Value"]["Ref"]
        return name

    def behind(self, output: Output) -> Json:
        """The resource that an output tells of."""
        resource: Json = self.json["Resources"][self.id_of(output)]
        return resource

    def policies_of(self, output: Output, kind: str) -> list[Json]:
        """The statements of the resource policies of a bucket or a queue."""
        owner = {"Ref": self.id_of(output)}
        found = [resource["Properties"] for resource in self.all_of(kind).values()]
        mine = [policy for policy in found if owner in (policy.get("Bucket"), *policy.get("Queues", []))]
        return [statement for policy in mine for statement in policy["PolicyDocument"]["Statement"]]


def arn_of(name: str) -> Json:
    """A reference to the ARN of the resource of a logical id."""
    return {"Fn::GetAtt": [name, "Arn"]}


def joined(*parts: object) -> Json:
    """Parts of a text that CloudFormation puts together."""
    return {"Fn::Join": ["", list(parts)]}


# As AWS writes it: docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
STACK_ID = "arn:aws:cloudformation:eu-west-1:123456789012:stack/Darkroom/51af3dc0-da77-11e4-872e-1234567db123"


def in_cloudformation(value: Any, stack_id: str = STACK_ID) -> Any:
    """What CloudFormation makes of a text's expression; what only a resource can tell stands in angle brackets."""
    pseudo_parameters = {
        "AWS::StackId": stack_id,
        "AWS::Partition": stack_id.split(":")[1],
        "AWS::Region": stack_id.split(":")[3],
        "AWS::AccountId": stack_id.split(":")[4],
    }
    match value:
        case {"Ref": name}:
            return pseudo_parameters.get(name, f"<{name}>")
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case {"Fn::Join": [delimiter, [*parts]]}:
            return delimiter.join(in_cloudformation(part, stack_id) for part in parts)
        case {"Fn::Split": [delimiter, text]}:
            return in_cloudformation(text, stack_id).split(delimiter)
        case {"Fn::Select": [index, values]}:
            return in_cloudformation(values, stack_id)[int(index)]
    return value


def make_app(folder: Path, config: Config) -> App:
    """The app with its stack, the bundle a stub, which writes under the folder."""
    bundle = folder / "bundle"
    bundle.mkdir()
    (bundle / "stub.py").write_text("")
    app = App(context=dict(FEATURE_FLAGS), analytics_reporting=False, outdir=str(folder / "cdk.out"))
    PipelineStack(app, config.stack_name, config=config, bundle=bundle)
    return app


def synthesize(folder: Path, config: Config) -> Template:
    """The stack's template for a configuration."""
    make_app(folder, config).synth()
    return Template((folder / "cdk.out" / f"{config.stack_name}.template.json").read_text())
