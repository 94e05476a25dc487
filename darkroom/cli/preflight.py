"""Check credentials, stack names and the bucket before `cdk` starts.

Run as `python -m darkroom.cli.preflight TARGET ARGUMENT…`, with the arguments that the CDK's command line is given.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import boto3
from botocore.config import Config as ClientConfig
from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError  # noqa: A004 - its name

from contract.errors import SettingsError
from darkroom.cli.target import aws_session
from darkroom.doctor.existing_buckets.bucket_notifications import check_room
from darkroom.doctor.existing_buckets.derived_bucket import check_derived
from darkroom.doctor.existing_buckets.location import check_location
from darkroom.doctor.findings import Finding, Level
from darkroom.doctor.stack_names import check_names, read_stack_names
from darkroom.errors import DarkroomError, UsageError
from darkroom.local.synthesis import configuration
from darkroom.text import printable
from stacks.bundle.bytecode import compiler_for
from stacks.config.config import Config

# What the CDK takes where no region is set: docs.aws.amazon.com/cdk/v2/guide/configure-env.html
_REGION = "us-east-1"
_CLIENT = ClientConfig(connect_timeout=5, read_timeout=15, retries={"total_max_attempts": 2})
_SERVER_ERROR = 500
_ADVICE = "Set AWS_PROFILE, or give ARGS='--profile NAME'; or run `aws configure` or `aws sso login`."


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Those of the CDK's options that say what is deployed, and as whom."""

    profile: str | None
    context: dict[str, object]
    has_own_app: bool
    is_question: bool


def main(arguments: Sequence[str]) -> None:
    """End with a sentence and status 1 where the CDK should not be started."""
    target, *given = arguments
    try:
        _check(target, read_options(given))
    except SettingsError as error:
        sys.exit(f"cdk.json: {error}")
    except DarkroomError as error:
        sys.exit(f"make {target}: {printable(str(error))}")


def read_options(arguments: Sequence[str]) -> Options:
    """Read the options that matter here as the CDK's command line does.

    The others are for that alone.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("--profile")
    parser.add_argument("-c", "--context", action="append", default=[])
    parser.add_argument("-a", "--app")
    parser.add_argument("-h", "--help", "--version", action="store_true")
    try:
        found, _ = parser.parse_known_args(arguments)
    except argparse.ArgumentError as error:
        raise UsageError(f"{error}.") from None
    pairs = (text.partition("=") for text in found.context)
    return Options(
        profile=found.profile,
        context={name: value for name, equals, value in pairs if equals},
        has_own_app=found.app is not None,
        is_question=found.help,
    )


def _check(target: str, options: Options) -> None:
    if options.is_question:
        return
    session = aws_session(options.profile, region=_REGION, advice=_ADVICE)
    if not _is_known(session) or target not in {"deploy", "diff"}:
        return
    if options.has_own_app:
        _note("--app names what is deployed, so the names of its bucket and queue were not compared with the stack's.")
        return
    config = configuration(options.context)
    if target == "deploy":
        _note_uncompiled(config)
    for finding in _find(session, config):
        if finding.level is not Level.OK and target == "deploy":
            raise DarkroomError(f"{finding.what} {finding.advice}")
        if finding.level is not Level.OK:
            _note(f"{finding.what} {finding.advice}")


def _is_known(session: boto3.Session) -> bool:
    """Tell whether AWS answers; what it says of credentials that are no good ends it.

    Who may do nothing else may ask this: docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    """
    try:
        session.client("sts", config=_CLIENT).get_caller_identity()
    except (ConnectionError, HTTPClientError) as error:
        return _cannot_look(error)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] >= _SERVER_ERROR:
            return _cannot_look(error)
        raise UsageError(f"AWS refuses your credentials: {error}. {_ADVICE}") from error
    except BotoCoreError as error:  # a session that has expired, a command that gives none
        raise UsageError(f"Your AWS credentials do not work: {error}. {_ADVICE}") from error
    return True


def _note_uncompiled(config: Config) -> None:
    """Say that nothing here compiles for the function's Python: that is seen in how long it takes to start alone."""
    if config.bundle_for == "lambda" and compiler_for(config.python) is None:
        _note(
            f"The function's code is deployed as source, which each cold start compiles: with Python {config.python} "
            f"in place of this one (make setup PYTHON=python{config.python}) it is deployed compiled, and so it is "
            'by any Python with "python": "3.14" in cdk.json, once make setup has installed the compiler.'
        )


def _find(session: boto3.Session, config: Config) -> Iterator[Finding]:
    try:
        deployed = read_stack_names(config.stack_name, session.client("cloudformation", config=_CLIENT))
    except DarkroomError as error:
        _cannot_look(error)
        return
    yield check_names(config, deployed)
    names = deployed.names if deployed else None
    s3 = session.client("s3", config=_CLIENT)
    looks: tuple[Callable[[], Iterable[Finding]], ...] = (
        partial(check_location, config, s3, region=session.region_name),
        lambda: [check_room(config, s3, owner=names.jobs_queue if names else None)],
        partial(check_derived, config, s3, uploads=names.uploads_bucket if names else None),
    )
    for look in looks:
        try:
            yield from (each for each in look() if each.level is Level.FAULT)
        except DarkroomError as error:
            _note(f"{error}. Whether the buckets that are there will do was not looked at.")


def _cannot_look(error: Exception) -> bool:
    _note(f"{error}. The stack was not looked at, which matters for one from before 0.1.0: see CHANGELOG.md.")
    return False


def _note(text: str) -> None:
    sys.stderr.write(f"note: {printable(text)}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
