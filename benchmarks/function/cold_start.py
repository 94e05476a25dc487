"""Cold starts and peaks of memory.

Fresh functions from the bundle that is deployed, each with one job.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import monotonic

from benchmarks.engines import choosing
from benchmarks.report.results import FirstAnswer
from benchmarks.workers import PROJECT, WorkerError
from resize.settings import Settings
from stacks.bundle.build import CACHE, build_bundle
from stacks.config.config import Config
from support.function.lambda_runtime import runtime_in

MEGABYTES = 1769
_SECONDS = 120


class FreshFunction:
    """A bundle of an engine, to be started again and again.

    Beside it is what Lambda's runtime has.
    """

    def __init__(self, engine: str, folder: Path, *, cache: Path = CACHE) -> None:
        self._bundle = build_bundle(None, **choosing(engine), cache=cache)
        self._runtime = runtime_in(Path(tempfile.mkdtemp(prefix="runtime-", dir=folder)))
        settings = Settings(
            uploads_bucket="uploads", derived_bucket="derived", variants=Config().variants, **choosing(engine)
        )
        self._environment = settings.to_environment() | {
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(MEGABYTES),
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "none",
            "AWS_SECRET_ACCESS_KEY": "none",
            "PATH": os.defpath,
        }

    def first_job(self, source: Path) -> FirstAnswer:
        """Start one, and have it resize a source.

        Raises:
            WorkerError: it did not resize it.
        """
        done = self._run(source)
        if done.returncode != 0:
            raise WorkerError((done.stderr.strip() or "ended without a word").splitlines()[-1])
        said = json.loads(done.stdout.splitlines()[-1])
        if said["outcome"] != "resized":
            raise WorkerError(f"{source.name} was {said['outcome']}")
        python, imports, making, job = said["steps"]
        return FirstAnswer(
            python=python,
            imports=imports,
            making=making,
            job=job,
            function_bytes=said["function_bytes"],
            child_bytes=said["child_bytes"],
        )

    def _run(self, source: Path) -> subprocess.CompletedProcess[str]:
        program = Path(__file__).with_name("first_job.py")
        seen = (str(self._bundle), str(self._runtime), str(PROJECT / "tests"), str(source))
        command = [sys.executable, "-I", "-S", "-B", str(program), *seen, str(monotonic())]
        return subprocess.run(
            command, env=self._environment, capture_output=True, text=True, check=False, timeout=_SECONDS
        )
