"""Find the pipeline that a command is about, local or deployed."""

import os
from dataclasses import dataclass

import boto3
from botocore.exceptions import BotoCoreError

from darkroom.errors import UsageError, aws_errors
from darkroom.local import emulator
from darkroom.local.access_keys import AccessKeys
from darkroom.local.registry import RunningPipeline, find_running, keys_for, running_pipelines
from darkroom.pipeline.client import Pipeline, find_pipeline
from stacks.config.config import Config

_ADVICE = "Set AWS_PROFILE, or run `aws configure` or `aws sso login`."


def find_target(*, local: bool, stack: str | None, endpoint_url: str | None = None) -> Pipeline:
    """Find the pipeline that a person means.

    It is given by --local, --stack or --endpoint-url, or by none of them.

    Raises:
        UsageError: --local and --stack were given, or nothing runs here, or there are no credentials or no region.
        DarkroomError: there is no such stack, or it is no pipeline, or AWS does not answer.
    """
    if local and stack:
        raise UsageError(f"--local and --stack {stack!r} name two pipelines. Leave one out.")
    if endpoint_url:
        return _at(endpoint_url, stack)
    return _deployed(stack) if stack else _running()


def _running() -> Pipeline:
    running = running_pipelines()
    if not running:
        raise UsageError(
            "No pipeline runs on this machine. Start `darkroom up` in another terminal, or name a deployed stack with "
            "--stack NAME."
        )
    return _running_at(running[0])


def find_successor(pipeline: Pipeline, endpoint_url: str | None = None) -> Pipeline | None:
    """Find what was started in place of a local pipeline that has ended.

    Where that was, if `endpoint_url` names it. None where it is up still, or nothing is. Its keys, its buckets and
    often its port are others.

    Raises:
        DarkroomError: it does not answer.
    """
    running = running_pipelines()
    if (
        pipeline.endpoint_url is None
        or not running
        or AccessKeys.of(pipeline.session) in [each.keys for each in running]
    ):
        return None
    successor = find_running(endpoint_url) if endpoint_url else running[0]
    return _running_at(successor) if successor else None


def _running_at(running: RunningPipeline) -> Pipeline:
    with aws_errors(f"Finding the pipeline at {running.endpoint_url}"):
        return find_pipeline(running.stack_name, running.endpoint_url, emulator.session(running.keys))


def _at(endpoint_url: str, stack: str | None) -> Pipeline:
    """Find the pipeline at an address, of the stack that is meant there: by default the one that is up."""
    keys = keys_for(endpoint_url)
    running = find_running(endpoint_url)
    name = stack or (running.stack_name if running else Config().stack_name)
    with aws_errors(f"Finding the pipeline at {endpoint_url}"):
        return find_pipeline(name, endpoint_url, emulator.session(keys))


def aws_session(profile: str | None = None, *, region: str | None = None, advice: str = _ADVICE) -> boto3.Session:
    """Make a session of a person's own AWS credentials.

    `region` is for who has set none.

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


@dataclass(frozen=True, slots=True)
class Account:
    """Where a bucket is looked for.

    An emulator at `endpoint_url`, or AWS where that is None.
    """

    session: boto3.Session
    endpoint_url: str | None


def find_account(*, local: bool, aws: bool, endpoint_url: str | None) -> Account:
    """Find where a bucket that no stack knows yet is meant to be.

    That is where a pipeline is up, and AWS while none is, unless one of the three says so.

    Raises:
        UsageError: two of them were given, or nothing runs here, or there are no credentials or no region.
    """
    if aws and (local or endpoint_url):
        other = "--local" if local else f"--endpoint-url {endpoint_url!r}"
        raise UsageError(f"--aws and {other} name two places. Leave one out.")
    running = () if aws or endpoint_url else running_pipelines()
    if local and not endpoint_url and not running:
        raise UsageError("No pipeline runs on this machine. Start `darkroom up` in another terminal, or say --aws.")
    place = endpoint_url or (running[0].endpoint_url if running else None)
    return Account(emulator.session(keys_for(place)) if place else aws_session(), place)


def _deployed(stack: str) -> Pipeline:
    session = aws_session()
    with aws_errors(f"Finding the stack {stack!r}"):
        return find_pipeline(stack, None, session)
