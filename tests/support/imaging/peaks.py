"""Measure what rendering an image really takes: the peak of a fresh process's address space. Linux only: /proc."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from resize.imaging.engine import Engine

# The estimates that rendering is held to are noted on their way; there is enough memory for all of them.
_CHILD = r"""
import json, re, sys
from pathlib import Path
from resize.imaging import limits
from resize.imaging.engine import Engine
from resize.imaging.render import render
from resize.sandbox.worker import warm_up
from resize.imaging.limits import Limits
from resize.imaging.variants import parse_variants

def kilobytes(name):
    return int(re.search(name + r":\s+(\d+)", Path("/proc/self/status").read_text())[1])

def noting(needed, there_are):
    estimates.append(needed)

estimates, limits.check_memory_of = [0], noting
engine = Engine(sys.argv[2])
source, variants = sys.stdin.buffer.read(), parse_variants(json.loads(sys.argv[1]))
warm_up(engine)
before = kilobytes("VmSize")
render(source, variants, Limits(), 2**60, engine)
print(json.dumps({"truth": (kilobytes("VmPeak") - before) * 1024, "estimate": max(estimates)}))
"""


@dataclass(frozen=True, kw_only=True)
class Peak:
    """Bytes of address space beyond what the process and the file took before: what it was, and what was expected."""

    truth: int
    estimate: int


def peak_of(source: bytes, variants: dict[str, dict[str, Any]], engine: Engine) -> Peak:
    """Render an image in a process of its own, with the environment of the sandbox's child, and measure."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "MALLOC_ARENA_MAX": "1"}
    command = [sys.executable, "-P", "-c", _CHILD, json.dumps(variants), engine]
    child = subprocess.run(command, input=source, env=environment, stdout=subprocess.PIPE, check=True)
    return Peak(**json.loads(child.stdout))
