"""Turns what boto3 raises into what a person can read."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from darkroom.errors import DarkroomError


@contextmanager
def answering(what: str) -> Iterator[None]:
    """Name what was being done where AWS, or what stands in its place, refuses or does not answer.

    Raises:
        DarkroomError: in place of boto3's own errors.
    """
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise DarkroomError(f"{what} failed: {error}") from error
