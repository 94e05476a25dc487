"""Write `aws` commands that can be pasted into a shell."""

import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import boto3

from darkroom.doctor.findings import Finding
from darkroom.local.access_keys import AccessKeys
from darkroom.pipeline.client import Pipeline


class Place(Protocol):
    """Where such a command is to work: a pipeline, or an account."""

    @property
    def session(self) -> boto3.Session:
        """Whose credentials are used."""

    @property
    def endpoint_url(self) -> str | None:
        """The emulator's address; None on AWS."""


def aws_command(pipeline: Place) -> str:
    """Write how such a command begins.

    For the emulator, with its address and its keys.
    """
    if pipeline.endpoint_url is None:
        return "aws"
    aws = Path(sys.executable).with_name("aws")
    # The option, as not every `aws` reads AWS_ENDPOINT_URL.
    command = f"{shlex.quote(str(aws)) if aws.exists() else 'aws'} --endpoint-url {pipeline.endpoint_url}"
    return f"{' '.join(_settings(pipeline))} {command}"


def with_aws_command(finding: Finding, place: Place) -> Finding:
    """Make of the command that a finding advises one for this place.

    As it is, it would change something on AWS.
    """
    if not finding.advice.startswith("aws "):
        return finding
    return replace(finding, advice=f"{aws_command(place)} {finding.advice.removeprefix('aws ')}")


def export_command(pipeline: Pipeline) -> str:
    """Write what points every AWS tool that a shell starts at the emulator."""
    settings = (f"AWS_ENDPOINT_URL={pipeline.endpoint_url}", *_settings(pipeline), f"AWS_REGION={pipeline.region}")
    return f"export {' '.join(settings)}"


def _settings(pipeline: Place) -> tuple[str, ...]:
    keys = AccessKeys.of(pipeline.session)
    return (
        f"AWS_ACCESS_KEY_ID={keys.id}",
        f"AWS_SECRET_ACCESS_KEY={keys.secret}",
        f"AWS_DEFAULT_REGION={pipeline.session.region_name}",
    )


def shell_word(text: str) -> str:
    r"""Quote a text for a shell.

    One that would steer the terminal is spelled out in `$'…'`, as bash and zsh read it.

    Source: POSIX.1-2024, Shell Command Language, 2.2.4 Dollar-Single-Quotes
    """
    if text.isprintable():
        return shlex.quote(text)
    return f"$'{''.join(map(_spelled, text))}'"


def _spelled(character: str) -> str:
    if character in "\\'":
        return f"\\{character}"
    if character.isprintable():
        return character
    # Octal, as it always has three digits: what follows cannot be taken for a part of it.
    return "".join(f"\\{byte:03o}" for byte in character.encode())
