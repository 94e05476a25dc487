"""Turns what boto3 raises into what a person can read."""

from collections.abc import Iterator
from contextlib import contextmanager

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from contract.manifest import LaterSchemaError
from darkroom.errors import DarkroomError


@contextmanager
def answering(what: str) -> Iterator[None]:
    """Name what was being done where AWS, or what stands in its place, refuses, does not answer or is of a later time.

    Raises:
        DarkroomError: in place of boto3's own errors.
    """
    try:
        yield
    except (ClientError, BotoCoreError, Boto3Error) as error:
        raise DarkroomError(f"{what} failed: {error}") from error
    except LaterSchemaError as error:
        raise DarkroomError(f"{what} failed: {error}. Use the version of Darkroom that is deployed.") from error
