"""The fuzzing targets, each for half a minute: `make fuzz SECONDS=3600` runs them for longer."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
SECONDS = 30


@pytest.mark.long
@pytest.mark.parametrize(
    "target", [["fuzz_events"], ["fuzz_imaging", "pillow"], ["fuzz_imaging", "vips"]], ids=" ".join
)
def test_no_input_found_by_fuzzing_is_left_without_an_answer(target: list[str], tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(TESTS), "TMPDIR": str(tmp_path)}
    module, *engine = target
    command = [sys.executable, "-m", f"faults.{module}", str(SECONDS), *engine]

    ended = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stderr[-4_000:]
