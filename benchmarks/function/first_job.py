"""A function's first job, its steps by the clock, as JSON.

A fresh Python runs it that sees the bundle and boto3 alone.

python -I -S -B first_job.py BUNDLE RUNTIME SIMULATION
SOURCE STARTED

`STARTED` is the monotonic clock when the process was asked for. S3's client is made as ever; what answers is in memory.
"""

import builtins
import importlib
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any


def main() -> None:
    """Start as Lambda starts the function, do one job, and tell."""
    bundle, runtime, simulation, source, started = sys.argv[1:]
    ready = monotonic()
    sys.path[:0] = [bundle, runtime]
    with _imports_timed() as imports:
        handler = importlib.import_module("resize.handler")
    made = monotonic()
    sys.path.append(simulation)
    event, consumer, s3 = _job(Path(source).read_bytes(), handler._CONSUMER)  # noqa: SLF001
    before = monotonic()
    answer = consumer.handle(event, _Context())
    steps = [ready - float(started), sum(imports), made - ready - sum(imports), monotonic() - before]
    print(json.dumps({"steps": steps} | _peaks(consumer) | _outcome(answer, s3)))
    consumer.sandbox.close()


@contextmanager
def _imports_timed() -> Iterator[list[float]]:
    """Collect the seconds of each import statement that runs meanwhile; what it imports in turn is part of it."""
    seconds: list[float] = []
    plain, under_way = builtins.__import__, False

    def timed(*arguments: Any, **options: Any) -> Any:
        nonlocal under_way
        if under_way:
            return plain(*arguments, **options)
        under_way, before = True, monotonic()
        try:
            return plain(*arguments, **options)
        finally:
            under_way = False
            seconds.append(monotonic() - before)

    builtins.__import__ = timed
    try:
        yield seconds
    finally:
        builtins.__import__ = plain


class _Context:
    aws_request_id = "first"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 280_000


def _job(source: bytes, consumer: Any) -> tuple[dict[str, Any], Any, Any]:
    """Make a message about an upload that is there, and the consumer that finds it."""
    from dataclasses import replace  # noqa: PLC0415

    from support.aws.memory_s3 import MemoryS3  # noqa: PLC0415
    from support.function.events import s3_body, s3_record, sqs_event  # noqa: PLC0415

    s3 = MemoryS3(versioned=frozenset({"uploads"}))
    version = s3.put_object(Bucket="uploads", Key="photo.jpg", Body=source)["VersionId"]
    event = sqs_event(s3_body(s3_record("photo.jpg", version_id=version, size=len(source))))
    for record in event["Records"]:  # it has not waited, so it cannot have been tried before
        record["attributes"]["SentTimestamp"] = "0"
    return event, replace(consumer, client=s3), s3


def _peaks(consumer: Any) -> dict[str, int]:
    return {
        "function_bytes": _most_memory("self"),
        "child_bytes": sum(_most_memory(str(process)) for process in consumer.sandbox.process_ids),
    }


def _most_memory(process: str) -> int:
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))


def _outcome(answer: Any, s3: Any) -> dict[str, Any]:
    manifests = [s3.versions("derived", key)[-1].body for key in s3.keys("derived") if key.startswith("manifests/")]
    outcomes = [json.loads(body)["outcome"] for body in manifests]
    return {"outcome": outcomes[0] if outcomes else f"failed: {answer}"}


if __name__ == "__main__":
    main()
