"""Which pipeline a command is about: the one that runs on this machine, or one that is deployed."""

import os
from typing import Annotated

import boto3
import typer
from botocore.exceptions import BotoCoreError

from darkroom import emulator
from darkroom.answering import answering
from darkroom.deployment import Pipeline, find_pipeline
from darkroom.errors import UsageError
from darkroom.running import all_running

Local = Annotated[
    bool, typer.Option("--local", help="The pipeline that `darkroom up` keeps running: the default while one does.")
]
Stack = Annotated[
    str | None,
    typer.Option(
        "--stack", metavar="NAME", help="A deployed stack, found with your own AWS credentials, profile and region."
    ),
]


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
    running = all_running()
    if not running:
        raise UsageError(
            "No pipeline runs on this machine. Start `darkroom up` in another terminal, or name a deployed stack with "
            "--stack NAME."
        )
    newest = running[0]
    with answering(f"Finding the pipeline at {newest.endpoint_url}"):
        return find_pipeline(newest.stack_name, newest.endpoint_url, emulator.session(newest.keys))


def _deployed(stack: str) -> Pipeline:
    try:
        session = boto3.Session(region_name=os.environ.get("AWS_REGION"))  # which boto3 alone does not read
        has_credentials = session.get_credentials() is not None
    except BotoCoreError as error:  # a profile that does not exist, say
        raise UsageError(
            f"Your AWS settings do not work: {error}. Check AWS_PROFILE and `aws configure list`."
        ) from error
    if session.region_name is None:
        raise UsageError("No AWS region is set. Set AWS_REGION, or choose a profile that has one with AWS_PROFILE.")
    if not has_credentials:
        raise UsageError("No AWS credentials are found. Set AWS_PROFILE, or run `aws configure` or `aws sso login`.")
    with answering(f"Finding the stack {stack!r}"):
        return find_pipeline(stack, None, session)
