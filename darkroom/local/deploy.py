"""Deploy a cloud assembly to an endpoint that speaks AWS."""

import io
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError, WaiterError

from darkroom.local.cloud_assembly import FileAsset, StackArtifact, read_assembly
from darkroom.pipeline.client import DeploymentError, Pipeline, client_of, find_stack, outputs_of, pipeline_of

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_s3 import S3Client


_WAIT_SECONDS = 900
_POLL_SECONDS = 0.25
# The earliest time that a zip archive can hold: equal folders make equal archives.
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


def deploy(assembly: Path, endpoint_url: str | None, session: boto3.Session) -> Pipeline:
    """Create or update every stack of an assembly, and find the pipeline.

    It waits until each is complete; the outputs name what there is. The two things of `cdk bootstrap` that a template
    needs, a bucket for assets and a version, are made where missing.

    Raises:
        AssemblyError: the assembly cannot be read.
        DeploymentError: CloudFormation refused or failed.
    """
    account = client_of(session, "sts", endpoint_url).get_caller_identity()["Account"]
    stacks = read_assembly(assembly, account=account, region=session.region_name)
    s3: S3Client = client_of(session, "s3", endpoint_url)
    outputs: dict[str, str] = {}
    for stack in stacks:
        _bootstrap(stack, client_of(session, "ssm", endpoint_url))
        for asset in stack.assets:
            _publish(asset, s3, session.region_name)
        template_url = f"{s3.meta.endpoint_url}/{stack.template.bucket}/{stack.template.key}"
        outputs |= _create_or_update(stack, template_url, client_of(session, "cloudformation", endpoint_url))
    return pipeline_of(stacks[-1].name, outputs, endpoint_url, session)


def _bootstrap(stack: StackArtifact, ssm: Any) -> None:
    """Say that the environment is prepared, unless `cdk bootstrap` has: every CDK template checks it."""
    try:
        ssm.get_parameter(Name=stack.bootstrap_parameter)
    except ssm.exceptions.ParameterNotFound:
        ssm.put_parameter(Name=stack.bootstrap_parameter, Value=str(stack.bootstrap_version), Type="String")


def _publish(asset: FileAsset, s3: "S3Client", region: str) -> None:
    """Put an asset where the template expects it. Its key is the hash of its content: there once, there for good."""
    ensure_bucket(asset.bucket, s3, region)
    if not _found(s3.head_object, Bucket=asset.bucket, Key=asset.key):
        body = _zip(asset.source) if asset.zipped else asset.source.read_bytes()
        s3.put_object(Bucket=asset.bucket, Key=asset.key, Body=body)


def ensure_bucket(bucket: str, s3: "S3Client", region: str) -> bool:
    """Make a bucket unless it is there; tell whether it was made.

    Raises:
        ClientError: the endpoint refuses.
    """
    if _found(s3.head_bucket, Bucket=bucket):
        return False
    # The one region that must not be named: docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
    elsewhere = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=bucket, **elsewhere)  # type: ignore[arg-type]
    return True


def _found(head: Callable[..., object], **what: str) -> bool:
    try:
        head(**what)
    except ClientError as error:
        if error.response["Error"]["Code"] != "404":
            raise
        return False
    return True


def _zip(folder: Path) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writer:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _ZIP_EPOCH)
                entry.external_attr = path.stat().st_mode << 16  # a library stays executable
                writer.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED, compresslevel=1)
    return archive.getvalue()


def _create_or_update(
    stack: StackArtifact, template_url: str, cloudformation: "CloudFormationClient"
) -> dict[str, str]:
    request: dict[str, Any] = {
        "StackName": stack.name,
        "TemplateURL": template_url,
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "Tags": [{"Key": key, "Value": value} for key, value in stack.tags.items()],
    }
    if find_stack(stack.name, cloudformation) is None:
        # A stack that could not be created must go, or its name would stay taken.
        stack_id = cloudformation.create_stack(**request, OnFailure="DELETE")["StackId"]
        _wait("stack_create_complete", stack_id, cloudformation)
    else:
        _update(request, cloudformation)
    return outputs_of(cloudformation.describe_stacks(StackName=stack.name)["Stacks"][0])


def _update(request: Mapping[str, Any], cloudformation: "CloudFormationClient") -> None:
    try:
        stack_id = cloudformation.update_stack(**request)["StackId"]
    except ClientError as error:
        # CloudFormation's only answer to an update that changes nothing, and it has no code of its own.
        if "No updates are to be performed" not in error.response["Error"]["Message"]:
            raise
    else:
        _wait("stack_update_complete", stack_id, cloudformation)


def _wait(until: Any, stack_id: str, cloudformation: "CloudFormationClient") -> None:
    waiter = cloudformation.get_waiter(until)
    try:
        waiter.wait(
            StackName=stack_id,
            WaiterConfig={"Delay": _POLL_SECONDS, "MaxAttempts": round(_WAIT_SECONDS / _POLL_SECONDS)},
        )
    except WaiterError:
        reasons = "\n".join(_failures(stack_id, cloudformation))
        raise DeploymentError(f"The stack was not deployed:\n{reasons or stack_id}") from None


def _failures(stack_id: str, cloudformation: "CloudFormationClient") -> Iterator[str]:
    """Say what failed, oldest first: the first is the cause, most of the others are its consequence."""
    pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack_id)
    for event in reversed([event for page in pages for event in page["StackEvents"]]):
        if event.get("ResourceStatus", "").endswith("_FAILED"):
            yield f"  {event['LogicalResourceId']}: {event.get('ResourceStatusReason', event['ResourceStatus'])}"
