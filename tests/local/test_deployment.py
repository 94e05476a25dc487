"""Deployment to an endpoint that speaks AWS: assets first, then the stacks in their order, with reasons on failure."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from darkroom.local.cloud_assembly import AssemblyError, read_assembly
from darkroom.local.deploy import deploy
from darkroom.local.emulator import Emulator, emulator
from darkroom.pipeline.client import DeploymentError, find_pipeline

ASSETS = "cdk-assets-${AWS::AccountId}-${AWS::Region}"
BOOTSTRAP = {"requiresBootstrapStackVersion": 6, "bootstrapStackVersionSsmParameter": "/cdk-bootstrap/test/version"}
NAMES = ("UploadsBucket", "DerivedBucket", "JobsQueueUrl", "DeadLetterQueueUrl", "FunctionName")
# What a stack must tell to be a pipeline.
OUTPUTS = {name: {"Value": name.lower()} for name in NAMES}

# A resource that cannot be made: S3 checks that it can reach the queue.
NO_QUEUE = {"Event": "s3:ObjectCreated:*", "Queue": "arn:aws:sqs:us-east-1:000000000000:no-such-queue"}
TELLS_NO_QUEUE = {
    "Bucket": {
        "Type": "AWS::S3::Bucket",
        "Properties": {"NotificationConfiguration": {"QueueConfigurations": [NO_QUEUE]}},
    }
}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with emulator(log=tmp_path_factory.mktemp("deployment") / "emulator.log") as running:
        yield running


def test_assets_are_where_the_template_expects_them(tmp_path: Path, aws: Emulator) -> None:
    write_assembly(tmp_path, "Assets", {"Resources": bucket_of("assets-there")}, extra={"code.zip": {"a.py": "x = 1"}})

    deploy(tmp_path, aws.endpoint_url, aws.session())

    s3 = aws.session().client("s3", endpoint_url=aws.endpoint_url)
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket="cdk-assets-000000000000-us-east-1")["Contents"]]
    assert {"code.zip", "Assets.json"} <= set(keys)
    body = s3.get_object(Bucket="cdk-assets-000000000000-us-east-1", Key="code.zip")["Body"].read()
    assert body.startswith(b"PK")


def test_a_second_deployment_changes_nothing_and_a_changed_template_something(tmp_path: Path, aws: Emulator) -> None:
    write_assembly(tmp_path / "one", "Changing", {"Resources": bucket_of("before")})
    write_assembly(tmp_path / "two", "Changing", {"Resources": bucket_of("before") | bucket_of("after")}, key="2.json")

    deploy(tmp_path / "one", aws.endpoint_url, aws.session())
    deploy(tmp_path / "one", aws.endpoint_url, aws.session())
    deploy(tmp_path / "two", aws.endpoint_url, aws.session())

    buckets = aws.session().client("s3", endpoint_url=aws.endpoint_url).list_buckets()["Buckets"]
    assert {"before", "after"} <= {entry["Name"] for entry in buckets}


def test_a_failure_tells_cloudformations_reason_and_frees_the_name(tmp_path: Path, aws: Emulator) -> None:
    write_assembly(tmp_path / "bad", "Fails", {"Resources": TELLS_NO_QUEUE})
    write_assembly(tmp_path / "good", "Fails", {"Resources": bucket_of("a-bucket-name")}, key="good.json")

    with pytest.raises(DeploymentError, match=r"(?s)was not deployed.*Bucket: .*no-such-queue"):
        deploy(tmp_path / "bad", aws.endpoint_url, aws.session())

    assert deploy(tmp_path / "good", aws.endpoint_url, aws.session()).function_name == "functionname"


def test_a_pipeline_is_found_by_its_stacks_name(tmp_path: Path, aws: Emulator) -> None:
    write_assembly(tmp_path, "Found", {"Resources": bucket_of("to-be-found")})
    deployed = deploy(tmp_path, aws.endpoint_url, aws.session())

    assert find_pipeline("Found", aws.endpoint_url, aws.session()) == deployed
    assert (deployed.region, deployed.jobs_queue_url) == ("us-east-1", "jobsqueueurl")


def test_a_stack_that_is_not_there_is_named(aws: Emulator) -> None:
    with pytest.raises(DeploymentError, match="There is no stack 'Nowhere' at"):
        find_pipeline("Nowhere", aws.endpoint_url, aws.session())


def test_a_stack_that_is_no_pipeline_says_what_it_lacks(tmp_path: Path, aws: Emulator) -> None:
    template = {"Resources": bucket_of("no-pipeline"), "Outputs": {"UploadsBucket": {"Value": "x"}}}
    write_assembly(tmp_path, "NoPipeline", template)

    with pytest.raises(DeploymentError, match="it has no output DerivedBucket, JobsQueueUrl"):
        deploy(tmp_path, aws.endpoint_url, aws.session())


def test_stacks_are_read_in_the_order_of_their_dependencies(tmp_path: Path) -> None:
    write_assembly(tmp_path, "First", {})
    manifest = read_json(tmp_path / "manifest.json")
    assets = manifest["artifacts"]["First.assets"]
    second = manifest["artifacts"]["First"]["properties"] | {"stackName": "Second"}
    manifest["artifacts"] = {
        "Second": {
            "type": "aws:cloudformation:stack",
            "properties": second,
            "dependencies": ["First", "First.assets"],
        },
        "First.assets": assets,
        "First": manifest["artifacts"]["First"],
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))

    stacks = read_assembly(tmp_path, account="123456789012", region="eu-west-1")

    assert [stack.name for stack in stacks] == ["First", "Second"]
    assert stacks[0].template.bucket == "cdk-assets-123456789012-eu-west-1"


def test_a_folder_that_is_no_assembly_is_named(tmp_path: Path) -> None:
    with pytest.raises(AssemblyError, match=r"has no manifest\.json"):
        read_assembly(tmp_path, account="123456789012", region="eu-west-1")


def test_container_images_are_refused(tmp_path: Path) -> None:
    write_assembly(tmp_path, "Images", {})
    assets = read_json(tmp_path / "Images.assets.json") | {"dockerImages": {"hash": {}}}
    (tmp_path / "Images.assets.json").write_text(json.dumps(assets))

    with pytest.raises(AssemblyError, match="container images"):
        read_assembly(tmp_path, account="123456789012", region="eu-west-1")


def bucket_of(name: str) -> dict[str, Any]:
    """A resource: a bucket of that name."""
    logical_id = "".join(word.capitalize() for word in name.replace("-", " ").split())
    return {logical_id: {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}}}


def write_assembly(
    folder: Path,
    stack: str,
    template: dict[str, Any],
    *,
    key: str | None = None,
    extra: dict[str, dict[str, str]] | None = None,
) -> None:
    """Write what the CDK would: one stack, its template as an asset, and `extra` folders as further assets."""
    folder.mkdir(parents=True, exist_ok=True)
    key = key or f"{stack}.json"
    destinations = {"here": {"bucketName": ASSETS, "objectKey": key}}
    source = {"path": f"{stack}.template.json", "packaging": "file"}
    files = {"template": {"source": source, "destinations": destinations}}
    for name, contents in (extra or {}).items():
        (folder / f"asset.{name}").mkdir()
        for path, text in contents.items():
            (folder / f"asset.{name}" / path).write_text(text)
        files[name] = {
            "source": {"path": f"asset.{name}", "packaging": "zip"},
            "destinations": {"here": {"bucketName": ASSETS, "objectKey": name}},
        }
    properties = BOOTSTRAP | {"stackTemplateAssetObjectUrl": f"s3://{ASSETS}/{key}"}
    artifacts = {
        f"{stack}.assets": {"type": "cdk:asset-manifest", "properties": {"file": f"{stack}.assets.json"}},
        stack: {
            "type": "aws:cloudformation:stack",
            "properties": properties,
            "dependencies": [f"{stack}.assets"],
        },
    }
    (folder / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    (folder / f"{stack}.assets.json").write_text(json.dumps({"files": files}))
    (folder / f"{stack}.template.json").write_text(json.dumps({"Outputs": OUTPUTS} | template))


def read_json(path: Path) -> Any:
    return json.loads(path.read_text())
