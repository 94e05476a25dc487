"""Synthesis for this machine: once for identical inputs, never half, and with a reason when it fails."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import darkroom.local.synthesis
from darkroom.local.synthesis import SynthesisError, local_overrides, synthesize

# Stands in for the CDK app: it notes that it ran, and writes what it was told.
APP = """
import os, pathlib
with open("runs", "a") as runs:
    runs.write("x")
folder = pathlib.Path(os.environ["CDK_OUTDIR"])
(folder / "manifest.json").write_text(os.environ["CDK_CONTEXT_JSON"])
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of an app alone, which takes no time to synthesize."""
    folder = tmp_path / "project"
    for name in ("stacks", "lambdas"):
        (folder / name).mkdir(parents=True)
    for name, content in {
        "app.py": APP,
        "cdk.json": "{}",
        "requirements.txt": "",
        "stacks/new.py": "",
    }.items():
        (folder / name).write_text(content)
    monkeypatch.setattr(darkroom.local.synthesis, "PROJECT", folder)
    return folder


def test_the_overrides_reach_the_app(project: Path, tmp_path: Path) -> None:
    assembly = synthesize({"memory_mb": 512}, tmp_path / "assemblies")

    assert (assembly / "manifest.json").read_text() == '{"memory_mb": 512}'
    assert runs(project) == 1


def test_identical_inputs_are_synthesized_once(project: Path, tmp_path: Path) -> None:
    first = synthesize({"a": 1, "b": 2}, tmp_path / "assemblies")

    second = synthesize({"b": 2, "a": 1}, tmp_path / "assemblies")

    assert second == first
    assert runs(project) == 1


@pytest.mark.parametrize("changed", ["app.py", "cdk.json", "requirements.txt", "stacks/new.py", "lambdas/new.py"])
def test_a_changed_input_is_synthesized_anew(project: Path, tmp_path: Path, changed: str) -> None:
    first = synthesize({}, tmp_path / "assemblies")
    with (project / changed).open("a") as file:
        file.write("\n# changed")

    second = synthesize({}, tmp_path / "assemblies")

    assert second != first
    assert runs(project) == 2


def test_what_python_caches_beside_the_inputs_does_not_count(project: Path, tmp_path: Path) -> None:
    first = synthesize({}, tmp_path / "assemblies")
    (project / "stacks" / "__pycache__").mkdir()
    (project / "stacks" / "__pycache__" / "config.pyc").write_bytes(b"compiled")

    assert synthesize({}, tmp_path / "assemblies") == first


def test_many_at_once_synthesize_once(project: Path, tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        assemblies = set(threads.map(lambda _: synthesize({}, tmp_path / "assemblies"), range(8)))

    assert len(assemblies) == 1
    assert runs(project) == 1


def test_only_the_newest_assemblies_are_kept(project: Path, tmp_path: Path) -> None:
    made = [synthesize({"number": number}, tmp_path / "assemblies") for number in range(10)]

    assert [assembly.exists() for assembly in made] == [False, False, *[True] * 8]
    assert runs(project) == 10


def test_a_failure_tells_what_the_app_said_and_leaves_no_assembly(project: Path, tmp_path: Path) -> None:
    (project / "app.py").write_text("raise SystemExit('cdk.json: quality: 101 is not allowed')")

    with pytest.raises(SynthesisError, match="quality: 101 is not allowed"):
        synthesize({}, tmp_path / "assemblies")

    assert [path for path in (tmp_path / "assemblies").iterdir() if path.is_dir()] == []


def test_this_machine_gets_two_batches_at_once_at_least() -> None:
    assert local_overrides()["max_concurrency"] in range(2, 1001)


def test_the_project_itself_refuses_a_setting_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(SynthesisError, match="memory_gb"):
        synthesize({"memory_gb": 2}, tmp_path)


def test_the_project_itself_needs_no_node_on_the_machine(assembly: Path) -> None:
    asked = subprocess.run(
        [sys.executable, "-c", "import stacks, os; print(os.environ['JSII_NODE'])"],
        cwd=darkroom.local.synthesis.PROJECT,
        env={"PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )

    assert (assembly / "manifest.json").is_file()
    assert Path(asked.stdout.strip()).is_relative_to(sys.prefix)


def runs(project: Path) -> int:
    """How often the app has run."""
    return len((project / "runs").read_text())
