"""Compare the deployed template with a new synthesis."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from darkroom.doctor.findings import Finding, fault, ok, warning
from darkroom.errors import aws_errors
from darkroom.local.cloud_assembly import read_assembly
from darkroom.pipeline.client import LIVE, Pipeline
from darkroom.pipeline.deploy_advice import deploy_advice
from darkroom.pipeline.deployed_config import settings_fault
from stacks.bundle.bytecode import SOURCES
from stacks.outputs import Output

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_lambda import LambdaClient

_SHOWN = 5
_DEPLOY = "Deploy: make deploy, or the other folder or -c options that it was deployed with."


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A place in the template, and what stands there; None where nothing does."""

    path: str
    here: object
    deployed: object

    def __str__(self) -> str:
        return f"{self.path} is {_shown(self.deployed)} there and {_shown(self.here)} here"


def deployed_template(pipeline: Pipeline) -> Mapping[str, Any]:
    """Read the template that the stack was deployed with last.

    Raises:
        DarkroomError: CloudFormation refuses, or does not answer.
    """
    cloudformation: CloudFormationClient = pipeline.client("cloudformation")
    with aws_errors("Reading the stack's template"):
        body: Any = cloudformation.get_template(StackName=pipeline.stack_name, TemplateStage="Original")["TemplateBody"]
    return json.loads(body) if isinstance(body, str) else dict(body)


def synthesized_template(assembly: Path, pipeline: Pipeline) -> Mapping[str, Any]:
    """Read the pipeline's template in an assembly."""
    stacks = read_assembly(assembly, account="0" * 12, region=pipeline.region)
    template: dict[str, Any] = json.loads(stacks[-1].template.source.read_text(encoding="utf-8"))
    return template


def compare_templates(here: Mapping[str, Any], deployed: Mapping[str, Any], pipeline: Pipeline) -> Iterator[Finding]:
    """Tell whether the templates differ, and the bundles of their functions."""
    advice = deploy_advice(pipeline, _DEPLOY)
    differences = [*differences_of(_compared(here), _compared(deployed))]
    if differences:
        more = f", and {len(differences) - _SHOWN} more" if len(differences) > _SHOWN else ""
        yield warning(f"The template differs: {'; '.join(map(str, differences[:_SHOWN]))}{more}.", advice)
    else:
        yield ok("The template is this folder's.")
    yield _compare_code(_bundles(here), _bundles(deployed), advice)


def _compare_code(here: Mapping[str, "_Bundle"], deployed: Mapping[str, "_Bundle"], advice: str) -> Finding:
    """Compare bundles by their sources: which Python has compiled them, if any, is no other code."""
    differing = [name for name in sorted(here.keys() | deployed.keys()) if here.get(name) != deployed.get(name)]
    others = [name for name in differing if not _are_of_the_same_sources(here.get(name), deployed.get(name))]
    if others:
        return warning(
            f"The code of {', '.join(others)} is not this folder's: it or its requirements have changed.", advice
        )
    if differing:
        return ok("The code of each function is this folder's. It is not compiled here as it is there.")
    return ok("The code of each function is this folder's.")


def _are_of_the_same_sources(one: "_Bundle | None", other: "_Bundle | None") -> bool:
    return one is not None and other is not None and one.sources is not None and one.sources == other.sources


def differences_of(here: object, deployed: object, path: str = "") -> Iterator[Difference]:
    """Find every place where two JSON values differ."""
    if isinstance(here, Mapping) and isinstance(deployed, Mapping):
        for name in sorted(here.keys() | deployed.keys()):
            inner = f"{path}.{name}" if path else str(name)
            yield from differences_of(here.get(name), deployed.get(name), inner)
    elif isinstance(here, list) and isinstance(deployed, list) and len(here) == len(deployed):
        for place, (one, other) in enumerate(zip(here, deployed, strict=True)):
            yield from differences_of(one, other, f"{path}[{place}]")
    elif here != deployed:
        yield Difference(path=path, here=here, deployed=deployed)


def compare_function(deployed: Mapping[str, Any], pipeline: Pipeline) -> Iterator[Finding]:
    """Tell whether the version that takes the jobs is as the stack made it.

    Nobody has changed it by hand.

    Raises:
        DarkroomError: Lambda refuses, or does not answer.
    """
    functions: LambdaClient = pipeline.client("lambda")
    with aws_errors("Reading the function"):
        live = functions.get_function_configuration(FunctionName=pipeline.function_name, Qualifier=LIVE)
        latest = functions.get_function_configuration(FunctionName=pipeline.function_name)
    expected = _resize_function(deployed)
    for name, configuration in (("The version that takes the jobs", live), ("The function's newest code", latest)):
        variables = configuration.get("Environment", {}).get("Variables", {})
        changed = [*_changed(expected["Environment"]["Variables"], variables)]
        if configuration["Timeout"] != expected["Timeout"] or configuration["MemorySize"] != expected["MemorySize"]:
            changed.append("its timeout or memory")
        if changed:
            yield fault(
                f"{name} was changed by hand: {', '.join(changed)}.",
                deploy_advice(pipeline, "Deploy a change, to undo it."),
            )
    if live["CodeSha256"] != latest["CodeSha256"]:
        yield fault("The function's newest code is not what takes the jobs.", deploy_advice(pipeline, "Deploy again."))
    if wrong := settings_fault(live.get("Environment", {}).get("Variables", {})):
        yield fault(f"The function cannot start: {wrong}.", deploy_advice(pipeline, "Deploy again."))
    else:
        yield ok(f"The function's version {live['Version']} takes the jobs.")


def _changed(expected: Mapping[str, Any], found: Mapping[str, str]) -> Iterator[str]:
    """Name the variables that differ; what CloudFormation fills in is passed over where it is there."""
    for name in sorted(expected.keys() | found.keys()):
        value = expected.get(name)
        if (isinstance(value, str) and found.get(name) != value) or name not in found or name not in expected:
            yield f"its variable {name}"


def _compared(template: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what says nothing about a stack: metadata, the bundle, and the version's name, made of all else."""
    resources = {
        name: {member: value for member, value in resource.items() if member != "Metadata"}
        for name, resource in template["Resources"].items()
        if resource["Type"] != "AWS::Lambda::Version"
    }
    for resource in resources.values():
        left_out = {"AWS::Lambda::Function": "Code", "AWS::Lambda::Alias": "FunctionVersion"}.get(resource["Type"])
        if left_out:
            resource["Properties"] = {name: value for name, value in resource["Properties"].items() if name != left_out}
    return {**template, "Resources": resources}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bundle:
    """Where the code of a function is, and the digest of its sources; none where an older Darkroom has deployed it."""

    code: object
    sources: object


def _bundles(template: Mapping[str, Any]) -> dict[str, _Bundle]:
    """Find the bundle of each function, by the function's name in the template."""
    return {
        name: _Bundle(code=resource["Properties"].get("Code"), sources=resource.get("Metadata", {}).get(SOURCES))
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Lambda::Function"
    }


def _resize_function(template: Mapping[str, Any]) -> Mapping[str, Any]:
    """Find the function that the stack's output names: with events on there is another one."""
    name = template["Outputs"][Output.FUNCTION_NAME]["Value"]["Ref"]
    properties: Mapping[str, Any] = template["Resources"][name]["Properties"]
    return properties


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:60]}…"  # noqa: PLR2004 - what fits a line
