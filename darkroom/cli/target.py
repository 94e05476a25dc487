"""Find the pipeline that a command is about, local or deployed."""

import os

import boto3
from botocore.exceptions import BotoCoreError

from darkroom.errors import UsageError, aws_errors
from darkroom.local import emulator
from darkroom.local.registry import running_pipelines
from darkroom.pipeline.client import Pipeline, find_pipeline

_ADVICE = "Set AWS_PROFILE, or run `aws configure` or `aws sso login`."


def find_target(*, local: bool, stack: str | None) -> Pipeline:
    """Find the pipeline that a person means by --local or --stack, or by neither.

    Raises:
        UsageError: both were given, or neither and nothing runs here, or there are no credentials or no region.
        DarkroomError: there is no such stack, or it is no pipeline, or AWS does not answer.
    """
    if local and stack:
        raise UsageError(f"--local and --stack {stack!r} name two pipelines. Leave one out.")
    return _deployed(stack) if stack else _running()


def _running() -> Pipeline:
    running = running_pipelines()
    if not running:
        raise UsageError(
            "No pipeline runs on this machine. Start `darkroom up` in another terminal, or name a deployed stack with "
            "--stack NAME."
        )
    newest = running[0]
    with aws_errors(f"Finding the pipeline at {newest.endpoint_url}"):
        return find_pipeline(newest.stack_name, newest.endpoint_url, emulator.session(newest.keys))


def aws_session(profile: str | None = None, *, region: str | None = None, advice: str = _ADVICE) -> boto3.Session:
    """Make a session of a person's own AWS credentials; `region` is for who has set none.

    Raises:
        UsageError: there are no credentials, or no region; `advice` says how to have the former.
    """
    try:
        session = boto3.Session(profile_name=profile, region_name=os.environ.get("AWS_REGION"))  # boto3 reads it not
        has_credentials = session.get_credentials() is not None
    except BotoCoreError as error:  # a profile that does not exist, say
        raise UsageError(
            f"Your AWS settings do not work: {error}. Check AWS_PROFILE and `aws configure list`."
        ) from error
    if session.region_name is None and region is None:
        raise UsageError("No AWS region is set. Set AWS_REGION, or choose a profile that has one with AWS_PROFILE.")
    if not has_credentials:
        raise UsageError(f"No AWS credentials are found. {advice}")
    return session if session.region_name else boto3.Session(profile_name=profile, region_name=region)


def _deployed(stack: str) -> Pipeline:
    session = aws_session()
    with aws_errors(f"Finding the stack {stack!r}"):
        return find_pipeline(stack, None, session)
