"""A pipeline on the emulator whose function reaches S3 and SQS through a proxy, and what a test does to it."""

import contextlib
import json
import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contract.keys import manifest_key, rendition_key
from contract.message_body import parse_body
from darkroom.local.deploy import deploy
from darkroom.local.emulator import emulator
from darkroom.pipeline.client import Pipeline
from support.aws.proxy import Proxy, proxy_to
from support.aws.uploads_kind import OWN, UploadsKind
from support.command.convergence import assert_converged
from support.command.polling import eventually
from support.command.processes import processes_of

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

# Small enough that a test waits for redelivery, not for pixels. "keep" has no extension of its own: the source's
# format decides, so that renditions of an older upload may bear names that those of a newer one do not.
VARIANTS = {
    "large": {"width": 64},
    "thumb": {"width": 24, "height": 24, "fit": "cover"},
    "keep": {"width": 32, "format": "source"},
}
# What each function's environment has, and no other's.
RESIZE, ANNOUNCE = "DARKROOM_VARIANTS", "DARKROOM_TARGET"
RECEIVES = 4
FUNCTION_SECONDS = 30
# What the function takes for the queue's visibility timeout: a job that fails is first tried again after a second.
PACE_SECONDS = 4

# As short as the configuration allows: ten seconds of the function's time are S3's.
SETTINGS: dict[str, object] = {
    "variants": VARIANTS,
    # What soak.py uploads under numbers that begin so.
    "presets": [{"prefix": "1", "variants": {"icon": {"width": 16}, "keep": {"width": 8, "format": "source"}}}],
    "function_timeout_seconds": FUNCTION_SECONDS,
    "render_seconds": 3,
    "fallback_versions": 1,
    "visibility_timeout_seconds": FUNCTION_SECONDS,
    "batch_window_seconds": 0,
    "max_receive_count": RECEIVES,
}


@dataclass(frozen=True, kw_only=True)
class Faulty:
    """The pipeline, the proxy before its S3, and the folder of this test's keys.

    `sent` counts the events that S3 sends of what is done here, by key and version, which is None where they name none.
    It sends them a moment after it has answered: a queue that is empty may not have them yet.
    """

    pipeline: Pipeline
    proxy: Proxy
    s3: "S3Client"
    sqs: "SQSClient"
    kind: UploadsKind = OWN
    folder: str = ""
    sent: Counter[tuple[str, str | None]] = field(default_factory=Counter)

    def key(self, name: str) -> str:
        """The key of an upload of this test."""
        return f"{self.folder}{name}"

    def upload(self, name: str, body: bytes) -> str | None:
        """Put an object; returns its version id, None where no versions are kept."""
        answer = self.s3.put_object(Bucket=self.pipeline.uploads_bucket, Key=self.key(name), Body=body)
        self._note(name, answer.get("VersionId"))
        return answer.get("VersionId")

    def delete(self, name: str) -> str:
        """Put a delete marker; returns its version id, or nothing where no versions are kept and the object is gone."""
        answer = self.s3.delete_object(Bucket=self.pipeline.uploads_bucket, Key=self.key(name))
        self._note(name, answer.get("VersionId"))
        return answer.get("VersionId", "")

    def restore(self, name: str, marker: str) -> None:
        """Remove a delete marker, so that the version before it is the current one again."""
        self.s3.delete_object(Bucket=self.pipeline.uploads_bucket, Key=self.key(name), VersionId=marker)
        self._note(name, marker)

    def original(self, name: str) -> str:
        """The path of an upload, as the proxy's rules name it."""
        return f"/{self.pipeline.uploads_bucket}/{self.key(name)}"

    def rendition(self, variant: str, name: str, extension: str = "webp") -> str:
        """The path of a rendition."""
        return f"/{self.pipeline.derived_bucket}/{rendition_key(variant, self.key(name), extension)}"

    def manifest(self, name: str) -> str:
        """The path of a manifest."""
        return f"/{self.pipeline.derived_bucket}/{manifest_key(self.key(name))}"

    def send(self, *bodies: str) -> None:
        """Send messages to the jobs queue."""
        for body in bodies:
            self.sqs.send_message(QueueUrl=self.pipeline.jobs_queue_url, MessageBody=body)

    def retry_after(self, seconds: int) -> None:
        """From now on a message that is received comes back so soon, unless it is done or the function says when."""
        self.sqs.set_queue_attributes(
            QueueUrl=self.pipeline.jobs_queue_url, Attributes={"VisibilityTimeout": str(seconds)}
        )

    def try_once(self) -> None:
        """From now on a job that fails is a dead letter when it would come back."""
        queue = self.pipeline.jobs_queue_url
        attributes = self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["RedrivePolicy"])["Attributes"]
        policy = json.loads(attributes["RedrivePolicy"]) | {"maxReceiveCount": 1}
        self.sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": json.dumps(policy)})

    def pause(self) -> None:
        """Leave messages in the jobs queue."""
        self._let_poll(enabled=False)

    def go_on(self) -> None:
        """Work on them again."""
        self._let_poll(enabled=True)

    def messages(self, count: int) -> list[str]:
        """Wait for so many messages in the paused jobs queue, and take them out, that of the oldest event first."""
        eventually(lambda: self.waiting() == count)
        return sorted(self._take(self.pipeline.jobs_queue_url), key=lambda body: parse_body(body)[0].sequencer)

    def dead_letters(self) -> list[str]:
        """Take every message out of the dead-letter queue."""
        return self._take(self.pipeline.dead_letter_queue_url)

    def wait_until_idle(self) -> None:
        """Wait until no message is left that was sent to the jobs queue."""
        eventually(self.is_idle)

    def wait_until_done(self) -> None:
        """Wait until no message is left, and a job of every event has ended."""
        eventually(lambda: self.is_idle() and not self.unended())

    def unended(self) -> Counter[tuple[str, str | None]]:
        """The events of which no job has ended yet."""
        ended = {(line["key"], line["version"], line["sequencer"]) for line in ended_jobs(self.pipeline)}
        return self.sent - Counter((key, version) for key, version, _ in ended)

    def is_idle(self) -> bool:
        """Whether no message waits in the jobs queue, or is hidden while someone works on it."""
        return self.waiting() == 0

    def waiting(self) -> int:
        """How many messages wait in the jobs queue, those included that someone works on."""
        return self._count(self.pipeline.jobs_queue_url)

    def wait_for_end(self, name: str) -> None:
        """Wait until a job about this key has ended."""
        eventually(lambda: bool(self.ended(name)))

    def kill_workers(self, variable: str = RESIZE) -> None:
        """Kill every process that runs a function, which is known by a variable that it alone is told."""
        for pid in _workers(self.pipeline.endpoint_url or "", variable):
            with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
                os.kill(pid, signal.SIGKILL)

    def ended(self, name: str) -> list[dict[str, Any]]:
        """What the function logged about the ends of a key's jobs, oldest first."""
        return [line for line in ended_jobs(self.pipeline) if line["key"] == self.key(name)]

    def outcomes(self, name: str) -> list[str]:
        """How a key's jobs ended, those left out that another delivery had done before."""
        return [line["outcome"] for line in self.ended(name) if not line["repeated"]]

    def check(self) -> None:
        """Wait until every job is done; then the derived bucket is right, and the dead-letter queue empty."""
        self.wait_until_done()
        assert self.dead_letters() == []
        assert_converged(self.pipeline, self.folder)

    def _note(self, name: str, version_id: str | None) -> None:
        self.sent[self.key(name), version_id if self.kind.tells_versions else None] += 1

    def _let_poll(self, *, enabled: bool) -> None:
        functions: LambdaClient = self.pipeline.client("lambda")
        name = self.pipeline.function_name
        [mapping] = functions.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=enabled)

    def _count(self, queue: str) -> int:
        counts = self.sqs.get_queue_attributes(
            QueueUrl=queue,
            AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
        )["Attributes"]
        return sum(map(int, counts.values()))

    def _take(self, queue: str) -> list[str]:
        taken = []
        while messages := self.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                self.sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
                taken.append(message["Body"])
        return taken


@contextmanager
def faulty_pipeline(
    assembly: Path, log: Path, *, kind: UploadsKind = OWN, function_seconds: int = FUNCTION_SECONDS
) -> Iterator[Faulty]:
    """Deploy an assembly to an emulator of its own, and put a proxy between the function and S3.

    The assembly is of this kind's settings.
    """
    with emulator(log=log) as aws, proxy_to(aws) as proxy:
        kind.prepare(aws.session().client("s3", endpoint_url=aws.endpoint_url))
        pipeline = deploy(assembly, aws.endpoint_url, aws.session())
        _send_through(proxy, pipeline, function_seconds)
        made = Faulty(pipeline=pipeline, proxy=proxy, s3=pipeline.client("s3"), sqs=pipeline.client("sqs"), kind=kind)
        made.wait_until_idle()  # S3 sends test events first
        yield made


def ended_jobs(pipeline: Pipeline) -> Iterator[dict[str, Any]]:
    """Read the function's log for the ends of jobs, oldest first; it leaves a version out where there is none."""
    return ({"version": None, **line} for line in logged(pipeline, "job ended"))


def logged(pipeline: Pipeline, message: str) -> Iterator[dict[str, Any]]:
    """Read the lines of the function's log that have a message, oldest first."""
    for line in pipeline.function_log():
        if f'"{message}"' in line.text:
            yield json.loads(line.text)


def _send_through(proxy: Proxy, pipeline: Pipeline, function_seconds: int) -> None:
    """Publish a version of the function that finds AWS at the proxy, and make it the one that takes the jobs."""
    functions: LambdaClient = pipeline.client("lambda")
    name = pipeline.function_name
    variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    backoff = json.dumps({"visibility_seconds": PACE_SECONDS, "max_receives": RECEIVES})
    through = dict.fromkeys(("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_SQS"), proxy.url)
    functions.update_function_configuration(
        FunctionName=name,
        Timeout=function_seconds,
        Environment={"Variables": {**variables, **through, "DARKROOM_BACKOFF": backoff}},
    )
    version = functions.publish_version(FunctionName=name)["Version"]
    functions.update_alias(FunctionName=name, Name="live", FunctionVersion=version)


def _workers(endpoint_url: str, variable: str) -> Iterator[int]:
    """The emulator's processes that run a function with this variable: not itself, and no sandbox of theirs."""
    for pid in processes_of(endpoint_url):
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
            variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        except OSError:  # it has ended meanwhile
            continue
        if b"_worker.py" in command and any(each.startswith(f"{variable}=".encode()) for each in variables):
            yield pid
