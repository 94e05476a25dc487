"""`python app.py`, run as the CDK's command line runs it: what it writes, and what it says when it cannot."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


def copy_of_the_project(folder: Path) -> Path:
    """What synthesis needs, in a folder of its own, so that it finds nothing made before.

    The function has no requirements: test_bundle.py shows that those come out the same, and pip takes its time.
    """
    not_made = shutil.ignore_patterns("__pycache__")
    for name in ("stacks", "lambdas", "docs"):  # of docs the schemas
        shutil.copytree(PROJECT / name, folder / name, ignore=not_made)
    for name in ("app.py", "cdk.json"):
        shutil.copy(PROJECT / name, folder / name)
    (folder / "lambdas" / "resize" / "requirements.txt").write_text("")
    return folder


def run_app(project: Path, context: object = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run app.py with the context that a command line would hand to it, and no Node but its own within reach."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("CDK_", "JSII_"))}
    clean |= {"PATH": str(project / "no programs"), "PYTHONDONTWRITEBYTECODE": "1"} | environment
    if context is not None:
        clean["CDK_CONTEXT_JSON"] = json.dumps(context)
    return subprocess.run(
        [sys.executable, "app.py"], cwd=project, env=clean, capture_output=True, text=True, check=False
    )


def run_as_the_cdk_does(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run cdk.json's "app" in a folder: docs.aws.amazon.com/cdk/v2/guide/cli.html."""
    command = json.loads((PROJECT / "cdk.json").read_text())["app"]
    return subprocess.run(["/bin/sh", "-c", command], cwd=folder, capture_output=True, text=True, check=False)


def files_of(assembly: Path) -> dict[str, bytes]:
    """Every file of an assembly with its bytes."""
    return {str(path.relative_to(assembly)): path.read_bytes() for path in assembly.rglob("*") if path.is_file()}


@pytest.mark.long
def test_two_copies_of_the_project_synthesize_the_same_bytes_without_node_on_the_machine(tmp_path: Path) -> None:
    here, there = copy_of_the_project(tmp_path / "here"), copy_of_the_project(tmp_path / "there")

    first = run_app(here)
    second = run_app(there, CDK_OUTDIR=str(there / "elsewhere"))

    assert (first.returncode, first.stderr) == (0, "")
    assert (second.returncode, second.stderr) == (0, "")
    assert "Darkroom.template.json" in files_of(here / "cdk.out")
    assert files_of(here / "cdk.out") == files_of(there / "elsewhere")


@pytest.mark.long
def test_what_the_command_line_is_told_overrides_cdk_json(tmp_path: Path) -> None:
    project = copy_of_the_project(tmp_path / "project")

    done = run_app(project, {"memory_mb": "3008", "stack_name": "Staging", "bundle_for": "this-machine"})

    assert (done.returncode, done.stderr) == (0, "")
    template = json.loads((project / "cdk.out" / "Staging.template.json").read_text())
    (function,) = [found for found in template["Resources"].values() if found["Type"] == "AWS::Lambda::Function"]
    assert function["Properties"]["MemorySize"] == 3008


@pytest.mark.long
def test_with_events_there_is_a_bundle_for_each_function(tmp_path: Path) -> None:
    project = copy_of_the_project(tmp_path / "project")
    announce = project / "lambdas" / "announce"
    announce.mkdir(exist_ok=True)
    (announce / "handler.py").write_text("def handler(event, context): ...")
    (announce / "requirements.txt").write_text("")

    done = run_app(project, {"events": '{"to": "eventbridge"}', "bundle_for": "this-machine"})

    assert (done.returncode, done.stderr) == (0, "")
    assembly = files_of(project / "cdk.out")
    packages = {tuple(name.split("/")[:2]) for name in assembly if name.endswith("handler.py")}
    assert sorted(package for _, package in packages) == ["announce", "resize"]
    assert len({asset for asset, _ in packages}) == 2


@pytest.mark.parametrize(
    ("context", "said"),
    [
        (
            {"memory_mb": "lots"},
            "cdk.json: memory_mb: 'lots' is not allowed; expected a whole number from 1024 to 10240",
        ),
        (
            {"retain-data": "false"},
            "cdk.json: retain-data: 'false' is not allowed; expected the name of a setting; the",
        ),
        ({"variants": {}}, "cdk.json: variants: {} is not allowed; expected an object of at least one variant"),
    ],
)
def test_a_mistake_is_told_in_one_line_without_a_traceback(tmp_path: Path, context: object, said: str) -> None:
    project = copy_of_the_project(tmp_path / "project")

    done = run_app(project, context)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(said)
    assert len(done.stderr.splitlines()) == 1
    assert not (project / "cdk.out").exists()


def test_a_variant_that_stands_twice_in_cdk_json_is_refused(tmp_path: Path) -> None:
    project = copy_of_the_project(tmp_path / "project")
    twice = '{"context": {"variants": {"thumb": {"width": 320}, "thumb": {"width": 640}}}}'
    (project / "cdk.json").write_text(twice)

    done = run_app(project)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("cdk.json: thumb: {'width': 640} is not allowed; expected each name only once")


def test_the_cdk_is_told_to_run_make_setup_where_there_is_no_environment(tmp_path: Path) -> None:
    done = run_as_the_cdk_does(tmp_path)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Darkroom is not set up in this folder: run make setup first.\n"


def test_the_cdk_runs_app_py_with_the_environments_python(tmp_path: Path) -> None:
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "$@"\n')
    python.chmod(0o755)

    done = run_as_the_cdk_does(tmp_path)

    assert (done.returncode, done.stdout, done.stderr) == (0, "app.py\n", "")


def test_a_bundle_that_cannot_be_made_is_told_without_a_traceback(tmp_path: Path) -> None:
    project = copy_of_the_project(tmp_path / "project")
    (project / "lambdas" / "resize" / "requirements.txt").write_text("pillow is nice\n")

    done = run_app(project)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("The function's bundle: pip ended with 1")
    assert "Traceback" not in done.stderr
