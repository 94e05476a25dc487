"""`darkroom adopt`: read a bucket, and write the configuration for it."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import boto3
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from darkroom.adoption.bucket import BucketConfiguration, key_arn, read_bucket
from darkroom.adoption.census import Census, Tally, take_census
from darkroom.adoption.findings import judge
from darkroom.backfill.estimate import Estimate
from darkroom.cli.commands.backfill import RATE
from darkroom.cli.options import EndpointUrl, KeyPrefix, LocalOption, json_option, prefix_hint
from darkroom.cli.output.aws_cli import with_aws_command
from darkroom.cli.output.findings import print_finding
from darkroom.cli.overrides import check_overrides
from darkroom.cli.progress import steps
from darkroom.cli.target import find_account
from darkroom.doctor.existing_buckets.derived_bucket import check_derived
from darkroom.doctor.findings import Finding, Level
from darkroom.errors import ExitStatus, UsageError
from darkroom.local.synthesis import checked_configuration
from darkroom.pipeline.client import client_of
from darkroom.text import format_duration, printable
from stacks.config.config import Config
from stacks.config.existing_bucket import BUCKET_NAME, NotifiedBy

_SHOWN = 20

Notifier = Annotated[NotifiedBy, typer.Option(help="Who is to tell of uploads, besides what others have configured.")]
OnAws = Annotated[
    bool,
    typer.Option("--aws", help="On AWS, by your own credentials, profile and region: the default while nothing is up."),
]


def bucket_name(value: object) -> str:
    """Read the name of a bucket; UsageError says what one is."""
    name = str(value)
    if not BUCKET_NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is not taken as the name of a bucket: 3 to 63 small letters, digits, dots and dashes. Give the "
            "name alone, without s3:// or arn:; --prefix P names a folder of it."
        )
    return name


Bucket = Annotated[
    str, typer.Argument(metavar="BUCKET", parser=bucket_name, show_default=False, help="The bucket's name.")
]


def adopt(  # noqa: PLR0913 - the command has so many options
    bucket: Bucket,
    *,
    prefix: KeyPrefix = "",
    notified_by: Notifier = NotifiedBy.EVENTBRIDGE,
    as_json: Annotated[bool, json_option("One JSON object.")] = False,
    local: LocalOption = False,
    aws: OnAws = False,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Read a bucket that you have, and write the settings that take uploads from it.

    It is looked for where `darkroom up` runs while that does, and on AWS else. Nothing is changed. It says what keeps
    the bucket from working or is to be known before, counts what lies in it by the folders at its top and by cdk.json's
    presets, and estimates how long resizing all of that takes and what it costs. What goes into cdk.json's context
    comes last, on standard output.

    \b
    Examples:
      darkroom adopt my-photos
      darkroom adopt my-photos --aws
      darkroom adopt my-photos --prefix shop/ > settings.json
      darkroom adopt my-photos --notified-by notification

    \b
    Permissions on the bucket: s3:ListBucket, GetBucketLocation, GetBucketVersioning, GetEncryptionConfiguration,
    GetBucketNotification, GetLifecycleConfiguration, GetBucketOwnershipControls, GetInventoryConfiguration; where it is
    encrypted with a key in KMS, kms:DescribeKey. What may not be looked at is a warning.

    Exit status: 0 no fault, 1 a fault, 2 wrong usage, 3 the bucket could not be looked at.
    """  # noqa: D301 - \b tells the help to leave the lines as they are
    if hint := prefix_hint(prefix):
        typer.echo(f"darkroom: {printable(hint)}", err=True)
    account = find_account(local=local, aws=aws, endpoint_url=endpoint_url)
    session, place = account.session, account.endpoint_url
    with steps(shown=sys.stderr.isatty()) as progress:
        progress.begin("Reading how the bucket is configured")
        found = read_bucket(bucket, place, session)
        settings = settings_for(found, prefix, notified_by, kms_key_arn=_key_arn(found, place, session))
        check_overrides(settings, {"key_prefix": f"--prefix {prefix!r}"} if prefix else {})
        config = checked_configuration(settings)
        progress.begin("Counting what lies in it")
        census = take_census(client_of(session, "s3", place), bucket, config.key_prefix, config.presets)
    judged = judge(found, census, region=session.region_name, config=config)
    derived = check_derived(config, client_of(session, "s3", place))
    findings = [with_aws_command(each, account) for each in (*judged, *derived)]
    estimate = _estimate(census, config)
    if as_json:
        typer.echo(_json(findings, census, estimate, settings))
    else:
        where = f"at {place}" if place else f"on AWS, {session.region_name}"
        _print(findings, census, estimate, f"{bucket} {where}")
        typer.echo(json.dumps(settings, indent=2))
    raise typer.Exit(_status(findings))


def settings_for(
    found: BucketConfiguration, prefix: str, notified_by: NotifiedBy, *, kms_key_arn: str | None
) -> dict[str, object]:
    """Write the settings of a stack that takes uploads from a bucket."""
    bucket = {"name": found.name}
    if notified_by is not NotifiedBy.EVENTBRIDGE:
        bucket["notified_by"] = notified_by.value
    if kms_key_arn:
        bucket["kms_key_arn"] = kms_key_arn
    return {"uploads_bucket": bucket} | ({"key_prefix": prefix} if prefix else {})


def _estimate(census: Census, config: Config) -> Estimate:
    """Count the keys that have variants, and how many those are."""
    counts = {preset.prefix: len(preset.variants) for preset in config.presets}
    made = [(tally.objects, counts[prefix]) for prefix, tally in census.presets.items()]
    rest = census.whole.objects - sum(objects for objects, _ in made)
    made.append((rest, len(config.variants)))
    return Estimate(
        keys=sum(objects for objects, variants in made if variants),
        rate=RATE,
        renditions=sum(objects * variants for objects, variants in made),
    )


def _key_arn(found: BucketConfiguration, endpoint_url: str | None, session: boto3.Session) -> str | None:
    return key_arn(found.kms_key, endpoint_url, session) if found.kms_key else None


def _status(findings: list[Finding]) -> ExitStatus:
    has_fault = any(each.level is Level.FAULT for each in findings)
    return ExitStatus.FOUND_FAULTS if has_fault else ExitStatus.NO_FAULTS


def _json(findings: list[Finding], census: Census, estimate: Estimate, settings: dict[str, object]) -> str:
    return json.dumps(
        {
            "findings": [{"level": each.level, "what": each.what, "advice": each.advice} for each in findings],
            "whole": asdict(census.whole),
            "folders": {name: asdict(tally) for name, tally in census.largest},
            "presets": {prefix: asdict(tally) for prefix, tally in census.presets.items()},
            "backfill": {"seconds": round(estimate.most_seconds), "dollars": round(estimate.most_dollars, 2)},
            "settings": settings,
        }
    )


def _print(findings: list[Finding], census: Census, estimate: Estimate, bucket: str) -> None:
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(Text(f"The bucket {printable(bucket)}:"))
    for finding in findings:
        print_finding(console, finding)
    console.print(_table("folder", census.largest, census.whole))
    if census.presets:
        console.print(_table("preset", list(census.presets.items()), None))
    duration = format_duration(timedelta(seconds=estimate.most_seconds))
    console.print(
        f"Resizing all of it takes about {duration} at {estimate.rate} a second, and up to "
        f"{estimate.most_dollars:,.2f} USD: `darkroom backfill`, once the stack is deployed. For cdk.json's context:"
    )


def _table(heading: str, tallies: Sequence[tuple[str, Tally]], whole: Tally | None) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(heading, overflow="fold")
    for number in ("objects", "images", "MB"):
        table.add_column(number, justify="right")
    for name, tally in tallies[:_SHOWN]:
        table.add_row(printable(name) or "(none)", f"{tally.objects:,}", f"{tally.images:,}", _megabytes(tally.bytes))
    if len(tallies) > _SHOWN:
        table.add_row(f"and {len(tallies) - _SHOWN:,} more", "", "", "")
    if whole:
        table.add_row("in all", f"{whole.objects:,}", f"{whole.images:,}", _megabytes(whole.bytes))
    return table


def _megabytes(count: int) -> str:
    return f"{count / 1_000_000:,.1f}"
