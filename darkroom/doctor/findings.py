"""Findings of a check: level, text and advice."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from botocore.exceptions import ClientError

from contract.s3_errors import error_code
from darkroom.errors import DarkroomError
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.deploy_advice import deploy_advice

# What S3 and SQS say of a bucket and of a queue that somebody has deleted:
# docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
# docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
_GONE = {"NoSuchBucket", "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"}


class Level(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    WARNING = "warning"  # it works, or could not be looked at
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    `advice` says what to do, and is empty where all is healthy.
    """

    level: Level
    what: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A name for what is looked at, and the looking."""

    name: str
    look: Callable[[], Iterable[Finding]]

    def findings(self) -> Iterator[Finding]:
        """Look at one thing after the other.

        What cannot be looked at, for want of a permission, say, is a warning and hinders no other check. What is not
        there any more is a fault.
        """
        try:
            yield from self.look()
        except DarkroomError as error:
            what = f"{self.name} could not be checked. {error}"
            if isinstance(error.__cause__, ClientError) and error_code(error.__cause__) in _GONE:
                yield fault(what, "Make it again by that name, or remove the stack and deploy it anew.")
            else:
                yield warning(what, "Get the permission that is named, or try again.")


def on_this_machine(finding: Finding, pipeline: Pipeline) -> Finding:
    """Give a finding the advice that helps where the pipeline is.

    It is one that a deployment mends.
    """
    return replace(finding, advice=deploy_advice(pipeline, finding.advice)) if finding.advice else finding


def ok(what: str) -> Finding:
    """Report that something is healthy."""
    return Finding(Level.OK, what)


def warning(what: str, advice: str) -> Finding:
    """Say that something is to be known."""
    return Finding(Level.WARNING, what, advice)


def fault(what: str, advice: str) -> Finding:
    """Say that something is broken."""
    return Finding(Level.FAULT, what, advice)
