"""From a cloud assembly to a running pipeline, on any endpoint that speaks AWS."""

import io
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError, WaiterError

from darkroom.assembly import FileAsset, StackArtifact, read_assembly
from darkroom.errors import DarkroomError
from resize.settings import version_number
from stacks.outputs import Output

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackTypeDef
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_lambda.type_defs import FunctionConfigurationResponseTypeDef
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client

# The alias that takes the jobs: stacks/consumer.py.
LIVE = "live"

_WAIT_SECONDS = 900
_POLL_SECONDS = 0.25
# The earliest time that a zip archive can hold: equal folders make equal archives.
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


class DeploymentError(DarkroomError):
    """A stack was not deployed; the message has CloudFormation's reasons."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """A line of the function's log, and when it was written, in milliseconds since 1970."""

    milliseconds: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """A deployed pipeline: where everything is, and how to speak to it. `endpoint_url` None is AWS itself."""

    session: boto3.Session = field(repr=False, compare=False)
    endpoint_url: str | None
    stack_name: str
    uploads_bucket: str
    derived_bucket: str
    jobs_queue_url: str
    dead_letter_queue_url: str
    function_name: str

    @property
    def region(self) -> str:
        """The AWS region's name."""
        return self.session.region_name

    def client(self, service: str, **options: Any) -> Any:
        """Make a boto3 client for this pipeline; `options` are those of `boto3.Session.client`."""
        return _client(self.session, service, self.endpoint_url, **options)

    def function_environment(self) -> Mapping[str, str]:
        """Read what the stack told the function."""
        return self._function()["Environment"]["Variables"]

    def live_generation(self) -> int:
        """Read the number of the version that takes the jobs; 0 where it has none."""
        functions: LambdaClient = self.client("lambda")
        live = functions.get_function_configuration(FunctionName=self.function_name, Qualifier=LIVE)
        return version_number(live["Version"])

    def log_group(self) -> str:
        """Find the name of the function's log group."""
        return self._function()["LoggingConfig"]["LogGroup"]

    def function_log(
        self, pattern: str = "", since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[LogLine]:
        """Read what the function has logged in a time: its JSON logs and metrics, and Lambda's own lines.

        `pattern` is a filter of CloudWatch Logs for JSON lines. Emulators take it for "everything", so a reader passes
        over what it did not ask for: docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
        """
        logs: CloudWatchLogsClient = self.client("logs")
        times = {"startTime": since, "endTime": until}
        within: dict[str, Any] = {name: int(each.timestamp() * 1000) for name, each in times.items() if each}
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=self.log_group(), filterPattern=pattern, **within
        )
        for page in pages:
            for event in page["events"]:
                yield LogLine(milliseconds=event["timestamp"], text=event["message"])

    def _function(self) -> "FunctionConfigurationResponseTypeDef":
        functions: LambdaClient = self.client("lambda")
        return functions.get_function_configuration(FunctionName=self.function_name)


def deploy(assembly: Path, endpoint_url: str | None, session: boto3.Session) -> Pipeline:
    """Create or update every stack of an assembly, wait until it is complete, and find the pipeline in the outputs.

    The two things of `cdk bootstrap` that a template needs, a bucket for assets and a version, are made where missing.

    Raises:
        AssemblyError: the assembly cannot be read.
        DeploymentError: CloudFormation refused or failed.
    """
    account = _client(session, "sts", endpoint_url).get_caller_identity()["Account"]
    stacks = read_assembly(assembly, account=account, region=session.region_name)
    s3: S3Client = _client(session, "s3", endpoint_url)
    outputs: dict[str, str] = {}
    for stack in stacks:
        _bootstrap(stack, _client(session, "ssm", endpoint_url))
        for asset in stack.assets:
            _publish(asset, s3, session.region_name)
        template_url = f"{s3.meta.endpoint_url}/{stack.template.bucket}/{stack.template.key}"
        outputs |= _create_or_update(stack, template_url, _client(session, "cloudformation", endpoint_url))
    return _pipeline(stacks[-1].name, outputs, endpoint_url, session)


def find_pipeline(stack_name: str, endpoint_url: str | None, session: boto3.Session) -> Pipeline:
    """Find a pipeline that is deployed already.

    Raises:
        DeploymentError: there is no such stack, or it is no pipeline.
    """
    cloudformation: CloudFormationClient = _client(session, "cloudformation", endpoint_url)
    stack = find_stack(stack_name, cloudformation)
    if stack is None:
        raise DeploymentError(f"There is no stack {stack_name!r} in {session.region_name}: deploy it first.")
    return _pipeline(stack_name, outputs_of(stack), endpoint_url, session)


def find_stack(stack_name: str, cloudformation: "CloudFormationClient") -> "StackTypeDef | None":
    """Find a stack; None where there is none of that name."""
    try:
        return cloudformation.describe_stacks(StackName=stack_name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return None
        raise


def outputs_of(stack: "StackTypeDef") -> dict[str, str]:
    """Read what a stack tells; one that was never created whole tells nothing."""
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", ())}


def _client(session: boto3.Session, service: str, endpoint_url: str | None, **options: Any) -> Any:
    return session.client(service, endpoint_url=endpoint_url, **options)


def _bootstrap(stack: StackArtifact, ssm: Any) -> None:
    """Say that the environment is prepared, unless `cdk bootstrap` has: every CDK template checks it."""
    try:
        ssm.get_parameter(Name=stack.bootstrap_parameter)
    except ssm.exceptions.ParameterNotFound:
        ssm.put_parameter(Name=stack.bootstrap_parameter, Value=str(stack.bootstrap_version), Type="String")


def _publish(asset: FileAsset, s3: "S3Client", region: str) -> None:
    """Put an asset where the template expects it. Its key is the hash of its content: there once, there for good."""
    _ensure_bucket(asset.bucket, s3, region)
    if not _found(s3.head_object, Bucket=asset.bucket, Key=asset.key):
        body = _zip(asset.source) if asset.zipped else asset.source.read_bytes()
        s3.put_object(Bucket=asset.bucket, Key=asset.key, Body=body)


def _ensure_bucket(bucket: str, s3: "S3Client", region: str) -> None:
    if not _found(s3.head_bucket, Bucket=bucket):
        # The one region that must not be named: docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
        elsewhere = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=bucket, **elsewhere)  # type: ignore[arg-type]


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


def _pipeline(
    stack_name: str, outputs: Mapping[str, str], endpoint_url: str | None, session: boto3.Session
) -> Pipeline:
    missing = [name.value for name in Output if name not in outputs]
    if missing:
        raise DeploymentError(f"The stack is no Darkroom pipeline: it has no output {', '.join(missing)}")
    return Pipeline(
        session=session,
        endpoint_url=endpoint_url,
        stack_name=stack_name,
        uploads_bucket=outputs[Output.UPLOADS_BUCKET],
        derived_bucket=outputs[Output.DERIVED_BUCKET],
        jobs_queue_url=outputs[Output.JOBS_QUEUE_URL],
        dead_letter_queue_url=outputs[Output.DEAD_LETTER_QUEUE_URL],
        function_name=outputs[Output.FUNCTION_NAME],
    )
