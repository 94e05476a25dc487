"""What ships compiled is what the function's own Python would compile, and is what it runs."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from resize.imaging.engine import Engine
from support.function.lambda_function import ARM64, X86_64, BundleOf, Machine

pytestmark = [pytest.mark.runtime, pytest.mark.timeout(900)]

# Python tells by an audit event of whatever it compiles: docs.python.org/3/library/audit_events.html
IMPORT = """
import json, sys
sys.path[:0] = sys.argv[1:]
compiled = []
def note(event, arguments):
    if event == "compile" and str(arguments[1]).startswith(sys.argv[1]):
        compiled.append(str(arguments[1]))
sys.addaudithook(note)
import PIL.Image, aws_lambda_powertools, resize.consumer, resize.sandbox.worker
print(json.dumps(compiled))
"""

# A code object equals another of the same instructions, constants, names and lines, wherever its file is.
COMPARE = """
import importlib.util, json, marshal, sys
from pathlib import Path
bundle = Path(sys.argv[1])
said = []
for source in bundle.rglob("*.py"):
    shipped = Path(importlib.util.cache_from_source(source)).read_bytes()
    code = marshal.loads(shipped[16:])
    expected = compile(source.read_bytes(), source, "exec", dont_inherit=True)
    said.append([int.from_bytes(shipped[4:8], "little"), code == expected, code.co_filename])
print(json.dumps(said))
"""


def run(machine: Machine, code: str, *arguments: str | Path) -> list[object]:
    """What a program prints as JSON, on the function's Python."""
    command = [machine.python, "-I", "-S", "-B", "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said: list[object] = json.loads(done.stdout)
    return said


@pytest.mark.parametrize("machine", [X86_64, ARM64], ids=["x86_64", "arm64"])
def test_a_function_compiles_nothing_of_its_bundle(machine: Machine, engine: Engine, bundle_of: BundleOf) -> None:
    assert run(machine, IMPORT, bundle_of(machine, engine), machine.packages) == []


def test_a_function_compiles_what_does_not_ship_compiled(engine: Engine, bundle_of: BundleOf, tmp_path: Path) -> None:
    uncompiled = shutil.ignore_patterns("__pycache__")
    bundle = shutil.copytree(bundle_of(X86_64, engine), tmp_path / "bundle", ignore=uncompiled)

    compiled = run(X86_64, IMPORT, bundle, X86_64.packages)

    assert {str(bundle / "resize" / "consumer.py"), str(bundle / "PIL" / "Image.py")} <= set(map(str, compiled))


@pytest.mark.parametrize("machine", [X86_64, ARM64], ids=["x86_64", "arm64"])
def test_every_module_is_compiled_as_the_functions_python_would_and_its_source_never_looked_at(
    machine: Machine, engine: Engine, bundle_of: BundleOf
) -> None:
    bundle = bundle_of(machine, engine)

    said = run(X86_64, COMPARE, bundle)

    unchecked_hash = 1  # peps.python.org/pep-0552
    homes = [f"/var/task/{source.relative_to(bundle).as_posix()}" for source in bundle.rglob("*.py")]
    assert sorted(said, key=str) == sorted(([unchecked_hash, True, home] for home in homes), key=str)
