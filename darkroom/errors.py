"""Errors that a person can resolve, and their exit statuses."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from contract.manifest import LaterSchemaError


class ExitStatus(IntEnum):
    """What the command tells the shell; Ctrl-C is 130, as shells have it."""

    ALL_RESIZED = NO_FAULTS = 0
    SOME_NOT_RESIZED = FOUND_FAULTS = 1
    WRONG_USAGE = 2
    COULD_NOT_RUN = 3


class DarkroomError(Exception):
    """The command cannot go on.

    Its text is shown to the person as it is, in one or two lines.
    """

    exit_status = ExitStatus.COULD_NOT_RUN


class UsageError(DarkroomError):
    """The command was asked for something that cannot be: another command line helps."""

    exit_status = ExitStatus.WRONG_USAGE


@contextmanager
def aws_errors(what: str) -> Iterator[None]:
    """Turn errors of AWS into DarkroomError, naming the operation.

    Raises:
        DarkroomError: in place of boto3's own errors.
    """
    try:
        yield
    except (ClientError, BotoCoreError, Boto3Error) as error:
        raise DarkroomError(f"{what} failed: {error}") from error
    except LaterSchemaError as error:
        raise DarkroomError(f"{what} failed: {error}. Use the version of Darkroom that is deployed.") from error
