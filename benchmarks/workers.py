"""A measured program, kept warm.

Started once, asked by a line on its input, and ended with whoever asks.
"""

import json
import os
import re
import select
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

PROJECT = Path(__file__).resolve().parents[1]

_START_SECONDS = 60
_ANSWER_SECONDS = 300


class WorkerError(Exception):
    """A measured program did not start, went away or gave no answer in time.

    The message ends with its last words.
    """


class Worker:
    """A process that answers as benchmarks/peers/serving.py says."""

    def __init__(self, command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None) -> None:
        self._log = log
        modules = os.pathsep.join([str(PROJECT), str(PROJECT / "tests")])
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=PROJECT,
                env={**os.environ, "PYTHONPATH": modules, **(environment or {})},
                text=True,
                bufsize=1,
            )
        try:
            self.versions: Mapping[str, str] = self._read(_START_SECONDS)["versions"]
        except WorkerError:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, question: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask, and wait for the answer.

        What was asked for, or a `refusal` with its reason.

        Raises:
            WorkerError: there is none.
        """
        if self._process.stdin is None:
            raise WorkerError("the program has no input")
        try:
            self._process.stdin.write(json.dumps(question) + "\n")
        except BrokenPipeError:
            raise WorkerError(self._last_words()) from None
        return self._read(_ANSWER_SECONDS)

    def close(self) -> None:
        """End the program.

        It ends by itself when nobody can ask any more, or else is killed.
        """
        if self._process.stdin and not self._process.stdin.closed:
            self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()

    def _read(self, seconds: float) -> Mapping[str, Any]:
        if self._process.stdout is None:
            raise WorkerError("the program has no output")
        if not select.select([self._process.stdout], [], [], seconds)[0]:
            self._process.kill()
            raise WorkerError(f"no answer within {seconds:.0f} s")
        line = self._process.stdout.readline()
        if not line:
            raise WorkerError(self._last_words())
        answer: Mapping[str, Any] = json.loads(line)
        return answer

    def _last_words(self) -> str:
        return last_words(self._log.read_text(encoding="utf-8", errors="replace"))


def last_words(log: str) -> str:
    """Find what a program died of: the last error's whole message, or the last line."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    errors = [place for place, line in enumerate(lines) if re.match(r"[\w.]*Error\b", line)]
    return " ".join(lines[errors[-1] :] if errors else lines[-1:]) or "the program ended without a word"


def python_worker(module: str, *arguments: str) -> tuple[str, ...]:
    """Give the command of a program of the project's own environment."""
    return (sys.executable, "-m", module, *arguments)
