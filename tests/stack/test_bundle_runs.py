"""The bundle runs by itself: a Python that sees the bundle, boto3 and nothing else does what the function does."""

import json
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from resize.imaging.engine import Engine
from resize.imaging.variants import Format
from stacks.bundle.build import build_bundle
from support.function.buckets import settings
from support.function.events import sqs_event
from support.function.lambda_runtime import runtime_in
from support.imaging.formats import pictures
from support.imaging.images import rendered, variant

pytestmark = pytest.mark.long

HANDLE = """
import json, sys
sys.path[:0] = sys.argv[1:3]
from resize import handler
from aws_lambda_powertools.utilities.typing import LambdaContext
context = LambdaContext()
context._aws_request_id = "request"
answer = handler.handler(json.loads(sys.argv[3]), context)
handler._CONSUMER.sandbox.close()
homes = [sys.modules[name].__file__ for name in ("aws_lambda_powertools", "contract", "resize")]
print(json.dumps({"answer": answer, "homes": homes}))
"""

RENDER = """
import json, sys
from hashlib import sha256
from pathlib import Path
sys.path[:0] = sys.argv[1:3]
from resize.imaging.engine import Engine
from resize.imaging.render import render
from resize.imaging.limits import Limits
from resize.imaging.variants import Format, Variant
engine = Engine(sys.argv[4])
variants = [Variant(name=output, width=32, format=output) for output in Format]

def digests(source):
    return [sha256(made.body).hexdigest() for made in render(source, variants, Limits(), None, engine).renditions]

print(json.dumps({path.name: digests(path.read_bytes()) for path in Path(sys.argv[3]).iterdir()}))
"""


@pytest.fixture(scope="module")
def paths(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The bundle for this machine, and a folder with what Lambda's runtime brings."""
    beside = runtime_in(tmp_path_factory.mktemp("runtime"))
    return [str(build_bundle(None, engine, cache=tmp_path_factory.mktemp("bundles"))), str(beside)]


def run_alone(code: str, *arguments: str, **environment: str) -> Any:
    """What code prints as JSON in a Python that finds nothing that is installed."""
    command = [sys.executable, "-I", "-S", "-B", "-c", code, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_handler_takes_a_batch_with_only_boto3_beside_the_bundle(paths: list[str], engine: Engine) -> None:
    told = replace(settings(), engine=engine).to_environment()
    environment = {**told, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769"}

    said = run_alone(HANDLE, *paths, json.dumps(sqs_event("no job")), AWS_DEFAULT_REGION="eu-west-1", **environment)

    assert said["answer"] == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    assert [home for home in said["homes"] if not home.startswith(paths[0])] == []


def test_every_format_comes_out_of_the_bundle_as_it_does_with_all_of_its_libraries(
    paths: list[str], engine: Engine, tmp_path: Path
) -> None:
    sources = pictures()
    for name, source in sources.items():
        (tmp_path / name).write_bytes(source)

    made = run_alone(RENDER, *paths, str(tmp_path), engine)

    variants = [variant(output, width=32, format=output) for output in Format]
    expected = {
        name: [sha256(rendition.body).hexdigest() for rendition in rendered(source, *variants).renditions]
        for name, source in sources.items()
    }
    assert made == expected
