"""The function as Lambda runs it: a bundle that is deployed, on Lambda's Python, behind AWS's runtime interface.

`make test-runtime` puts Python, the runtime interface client and its emulator into .darkroom/runtime.
"""

import http.client
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from resize.imaging.engine import Engine
from stacks.bundle.build import PROJECT, build_bundle, lambda_platform
from stacks.config.config import Config
from stacks.resize_function import HANDLER
from support.command.polling import eventually

RUNTIME = PROJECT / ".darkroom" / "runtime"

# Of the runtime interface emulator: docs.aws.amazon.com/lambda/latest/dg/images-test.html
_INVOCATIONS = "/2015-03-31/functions/function/invocations"
# A processor that is emulated takes minutes for what takes seconds.
_ANSWER_SECONDS = 900


BundleOf: TypeAlias = Callable[["Machine", Engine], Path]


def is_set_up() -> bool:
    """Tell whether `make test-runtime` has put everything there."""
    return (RUNTIME / ".set-up").exists()


@dataclass(frozen=True, slots=True)
class Machine:
    """What Lambda calls `x86_64` or `arm64`, with the Python that the stack chooses."""

    architecture: str

    @property
    def python(self) -> Path:
        """Lambda's Python: a program that starts on this machine."""
        return RUNTIME / self.architecture / "root" / "usr" / "bin" / f"python{Config().python}"

    @property
    def packages(self) -> Path:
        """What Lambda's Python has besides what is deployed."""
        return RUNTIME / self.architecture / "packages"

    def describe(self) -> str:
        """Ask Python what it is, and what it runs on."""
        code = "import platform; print(platform.python_implementation(), platform.python_version(), platform.machine())"
        return subprocess.check_output([self.python, "-I", "-c", code], text=True).strip()

    def bundle(self, engine: Engine, folder: Path) -> Path:
        """Copy what `cdk deploy` sends into a folder of the test's own."""
        built = build_bundle(lambda_platform(architecture=self.architecture, python=Config().python), engine)
        return shutil.copytree(built, folder / f"{self.architecture}-{engine}")


X86_64, ARM64 = Machine("x86_64"), Machine("arm64")


@dataclass(frozen=True, kw_only=True)
class LambdaFunction:
    """A running function. It starts with its first invocation, as the emulator of its runtime interface does it."""

    address: tuple[str, int]
    log: Path
    runtime_log: Path
    process: "subprocess.Popen[bytes]"

    def invoke(self, event: Mapping[str, Any]) -> Any:
        """Have it take an event, and read its answer, or Lambda's about an invocation that has none."""
        with closing(http.client.HTTPConnection(*self.address, timeout=_ANSWER_SECONDS)) as connection:
            connection.request("POST", _INVOCATIONS, body=json.dumps(event))
            return json.loads(connection.getresponse().read())

    def is_listening(self) -> bool:
        """Tell whether it takes events."""
        assert self.process.poll() is None, self.runtime_log.read_text(encoding="utf-8")
        with closing(socket.socket()) as probe:
            return probe.connect_ex(self.address) == 0

    def log_lines(self) -> list[dict[str, Any]]:
        """Read what the function has logged as JSON, Lambda's own lines left out."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def processes(self) -> list[int]:
        """List the function's processes, its own first and then those that it has started."""
        found = _children(self.process.pid)
        for process in found:
            found += _children(process)
        return found


@contextmanager
def lambda_function(
    machine: Machine,
    bundle: Path,
    environment: Mapping[str, str],
    folder: Path,
    *,
    seconds: int = 300,
    megabytes: int = 1769,
    through: Sequence[str | Path] = (),
    handler: str = HANDLER,
) -> Iterator[LambdaFunction]:
    """Run a bundle with Lambda's environment and this one; its logs go into a folder.

    `seconds` is its timeout, `megabytes` its memory as it is told it, and `through` a command that starts Python.
    """
    host = _own_host()
    address, runtime_api = (f"{host}:{port}" for port in _free_ports(host))
    command: list[str | Path] = [RUNTIME / "aws-lambda-rie", "--runtime-interface-emulator-address", address]
    command += ["--runtime-api-address", runtime_api, *through, machine.python, "-m", "awslambdaric", handler]
    variables = {**_lambda_environment(machine, bundle, seconds, megabytes), **environment}
    log, runtime_log = folder / "function.log", folder / "runtime.log"
    with log.open("wb") as output, runtime_log.open("wb") as own_output:
        process = subprocess.Popen(command, cwd=bundle, env=variables, stdout=output, stderr=own_output)
    try:
        port = int(address.rpartition(":")[2])
        function = LambdaFunction(address=(host, port), log=log, runtime_log=runtime_log, process=process)
        eventually(function.is_listening)
        yield function
    finally:
        process.terminate()
        process.wait()


def _lambda_environment(machine: Machine, bundle: Path, seconds: int, megabytes: int) -> dict[str, str]:
    """Source of the names: docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html."""
    return {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "TZ": ":UTC",
        "PYTHONPATH": f"{bundle}{os.pathsep}{machine.packages}",
        "LAMBDA_TASK_ROOT": str(bundle),
        "AWS_LAMBDA_FUNCTION_NAME": "resize",
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(seconds),
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(megabytes),
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
    }


def _own_host() -> str:
    """Choose a loopback address that no other process uses, by our id of 22 bits: its free ports stay free."""
    pid = os.getpid()
    return f"127.{1 + (pid >> 16)}.{pid >> 8 & 255}.{pid & 255}"


def _free_ports(host: str) -> tuple[int, int]:
    with closing(socket.socket()) as one, closing(socket.socket()) as other:
        one.bind((host, 0))
        other.bind((host, 0))
        return one.getsockname()[1], other.getsockname()[1]


def _children(process: int) -> list[int]:
    """List the processes that any thread of a process has started: proc(5)."""
    lists = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for listed in lists for child in listed.read_text(encoding="ascii").split()]
