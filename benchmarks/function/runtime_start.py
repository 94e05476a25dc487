"""Cold starts as Lambda has them.

The bundle that is deployed, on the function's Python, under AWS's runtime interface. PYTHONPATH=tests python -m
benchmarks.function.runtime_start

As part of `make bench` it is measured where `make test-runtime` has set the runtime up; by itself it prints medians.
"""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import monotonic
from typing import TYPE_CHECKING

from benchmarks import machine
from benchmarks.engines import choosing, engines
from benchmarks.images import pictures
from benchmarks.report.results import PROCESSORS_OF_A_START, RuntimeAnswer, RuntimeStart
from benchmarks.workers import WorkerError
from darkroom.local.emulator import REGION, Emulator, emulator
from resize.imaging.engine import Engine
from resize.settings import Settings
from stacks.config.config import Config
from support.function.events import s3_body, s3_record, sqs_event
from support.function.lambda_function import X86_64, LambdaFunction, lambda_function

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_ROUNDS = 9
_UPLOADS, _DERIVED = "uploads", "derived"


def measure_runtime_start(engine: str, source: bytes, folder: Path, rounds: int, processors: int) -> RuntimeStart:
    """Start so many functions on so many processors.

    Each resizes a source from an S3 on this machine.

    Raises:
        WorkerError: one did not resize it.
    """
    with _buckets(folder) as aws, machine.on_processors(processors):
        answers = tuple(_first_job(f"{number}.jpg", source, aws, engine, folder) for number in range(rounds))
    return RuntimeStart(engine=engine, python=X86_64.describe(), processors=processors, rounds=answers)


@contextmanager
def _buckets(folder: Path) -> Iterator[Emulator]:
    """Run S3 on this machine, with both buckets."""
    with emulator(log=folder / "emulator.log") as aws:
        s3 = _s3(aws)
        for bucket in (_UPLOADS, _DERIVED):
            s3.create_bucket(Bucket=bucket)
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        yield aws


def _s3(aws: Emulator) -> "S3Client":
    client: S3Client = aws.session().client("s3", endpoint_url=aws.endpoint_url)
    return client


def _environment(engine: str, aws: Emulator) -> dict[str, str]:
    settings = Settings(
        uploads_bucket=_UPLOADS, derived_bucket=_DERIVED, variants=Config().variants, **choosing(engine)
    )
    return settings.to_environment() | {
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": aws.keys.id,
        "AWS_SECRET_ACCESS_KEY": aws.keys.secret,
        "AWS_ENDPOINT_URL": aws.endpoint_url,
    }


def _first_job(key: str, source: bytes, aws: Emulator, engine: str, folder: Path) -> RuntimeAnswer:
    """Have a fresh function resize a source."""
    version = _s3(aws).put_object(Bucket=_UPLOADS, Key=key, Body=source)["VersionId"]
    event = sqs_event(s3_body(s3_record(key, version_id=version, size=len(source))))
    for record in event["Records"]:  # it has not waited, so it cannot have been tried before
        record["attributes"]["SentTimestamp"] = "0"
    environment = _environment(engine, aws)
    with tempfile.TemporaryDirectory(prefix="function-", dir=folder) as own:
        bundle = X86_64.bundle(Engine(engine), Path(own))
        with lambda_function(X86_64, bundle, environment, Path(own), megabytes=Config().memory_mb) as function:
            asked = monotonic()
            answer = function.invoke(event)
            seconds = monotonic() - asked
            return RuntimeAnswer(init=_init_seconds(function, answer), seconds=seconds)


def _init_seconds(function: LambdaFunction, answer: object) -> float:
    """Read how long the runtime says that the function took to start, once it has done its job."""
    ended = [line for line in function.log_lines() if line.get("message") == "job ended"]
    told = re.search(r"INIT REPORT\(durationMs: ([0-9.]+)\)", function.runtime_log.read_text(encoding="utf-8"))
    if [line["outcome"] for line in ended] != ["resized"] or told is None:
        raise WorkerError(f"a function under the runtime interface answered {answer}")
    return float(told[1]) / 1000


def main() -> None:
    """Measure both engines, and print the medians in milliseconds."""
    with tempfile.TemporaryDirectory(prefix="darkroom-bench-") as name:
        source = pictures.jpeg(pictures.SNAPSHOT)
        for engine in engines():
            for processors in (PROCESSORS_OF_A_START, 1):
                start = measure_runtime_start(engine, source, Path(name), _ROUNDS, processors)
                init = median(one.init for one in start.rounds)
                seconds = median(one.seconds for one in start.rounds)
                print(f"{engine}, {processors} processors: init {init * 1000:.0f}, to the answer {seconds * 1000:.0f}")


if __name__ == "__main__":
    main()
