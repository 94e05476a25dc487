"""`darkroom doctor`: check a pipeline's health."""

import json
import sys
from collections import Counter
from typing import Annotated

import typer
from rich.console import Console

from darkroom.cli.options import Context, EndpointUrl, LocalOption, Stack, json_option, timeout_option
from darkroom.cli.output.aws_cli import with_aws_command
from darkroom.cli.output.findings import print_finding
from darkroom.cli.overrides import check_overrides, read_context_options
from darkroom.cli.progress import steps
from darkroom.cli.target import find_target
from darkroom.cli.terminal import told_when_stopped
from darkroom.doctor.checks import checks
from darkroom.doctor.findings import Finding, Level
from darkroom.errors import ExitStatus
from darkroom.local.deployed_overrides import DeployedOverrides
from darkroom.local.local_pipeline import ASSEMBLIES
from darkroom.local.synthesis import configuration, local_overrides, synthesize
from darkroom.pipeline.client import Pipeline

_PATIENCE_SECONDS = 120

NoImage = Annotated[bool, typer.Option("--no-image", help="Send no test image: only look.")]
ImageTimeout = Annotated[int, timeout_option("How long the test image is waited for, each way.", 100_000)]


def doctor(  # noqa: PLR0913 - the command has so many options
    *,
    context: Context = None,
    no_image: NoImage = False,
    timeout: ImageTimeout = _PATIENCE_SECONDS,
    as_json: Annotated[bool, json_option("One line of JSON a finding.")] = False,
    local: LocalOption = False,
    stack: Stack = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Check a pipeline's health.

    Its stack, its wiring, and a test image through it and back. The stack is held against what this folder would
    deploy. A stack on AWS that was deployed with `-c` options is compared with the same; the pipeline of `darkroom up`
    knows its own. The test image is one pixel, under darkroom-doctor/, and is deleted again.

    \b
    Examples:
      darkroom doctor
      darkroom doctor --stack Darkroom -c memory_mb=3008
      darkroom doctor --stack Darkroom --no-image --json | jq 'select(.level != "ok")'

    \b
    Permissions: sts:GetCallerIdentity, cloudformation:DescribeStacks, DescribeStackEvents and GetTemplate,
    s3:GetBucketNotification, sqs:GetQueueAttributes, lambda:GetFunctionConfiguration, ListEventSourceMappings and
    GetAccountSettings, cloudwatch:DescribeAlarms; with events on also sqs:GetQueueUrl, logs:FilterLogEvents,
    cloudwatch:GetMetricStatistics, and where their function reads a secret from a VPC ec2:DescribeVpcEndpoints and
    ec2:DescribeRouteTables; for the test image s3:PutObject and s3:DeleteObjectVersion on the uploads, s3:GetObject and
    s3:ListBucket on the derived bucket. What may not be looked at is a warning.

    Exit status: 0 no fault, 1 a fault, 2 wrong usage, 3 nothing could be looked at.
    """  # noqa: D301 - \b tells the help to leave the lines as they are
    given = read_context_options(context)
    pipeline = find_target(local=local, stack=stack, endpoint_url=endpoint_url)
    levels = Counter[Level]()
    with told_when_stopped(lambda: _so_far(levels)), steps(shown=sys.stderr.isatty()) as progress:
        progress.begin("Building what this folder would deploy")
        overrides = _overrides(pipeline) | given
        check_overrides(overrides, {name: f"-c {name}={value}" for name, value in given.items()})
        assembly = synthesize(overrides, ASSEMBLIES)
        for check in checks(pipeline, configuration(overrides), assembly, idle_timeout=None if no_image else timeout):
            progress.begin(check.name)
            for finding in check.findings():
                levels[finding.level] += 1
                _print(with_aws_command(finding, pipeline), as_json=as_json)
    raise typer.Exit(ExitStatus.FOUND_FAULTS if Level.FAULT in levels else ExitStatus.NO_FAULTS)


def _so_far(levels: Counter[Level]) -> str:
    counts = ", ".join(f"{levels[level]:,} {level}" for level in Level if levels[level])
    return f"Looked at so far: {counts or 'nothing'}. If a test image was sent, it is deleted again."


def _overrides(pipeline: Pipeline) -> dict[str, object]:
    """Say what a deployment would put in place of cdk.json's settings, as far as the pipeline itself tells."""
    named: dict[str, object] = {"stack_name": pipeline.stack_name}
    if not pipeline.endpoint_url:
        return named
    kept = DeployedOverrides(pipeline.stack_name, pipeline.endpoint_url, pipeline.session).read()
    return local_overrides() | kept | named


def _print(finding: Finding, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"level": finding.level, "what": finding.what, "advice": finding.advice}))
        return
    print_finding(Console(highlight=False, soft_wrap=True), finding)
