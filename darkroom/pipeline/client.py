"""A deployed pipeline: its resources, and clients for them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import ClientError

from contract.keys import manifest_key
from darkroom.errors import DarkroomError
from darkroom.pipeline.log_events import filter_log_events
from resize.settings import version_number
from stacks.config.existing_bucket import NotifiedBy
from stacks.outputs import DeliveryOutput, DerivedOutput, Output, UploadsOutput

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackTypeDef
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_lambda.type_defs import FunctionConfigurationResponseTypeDef
    from mypy_boto3_logs import CloudWatchLogsClient


# What CloudFront calls a distribution of its own, after a word for it.
CLOUDFRONT_HOST = ".cloudfront.net"
# The alias that takes the jobs: stacks/resize_function.py.
LIVE = "live"


class DeploymentError(DarkroomError):
    """A stack was not deployed; the message has CloudFormation's reasons."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """A line of the function's log, and when it was written.

    The time is in milliseconds since 1970.
    """

    milliseconds: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """A deployed pipeline: where everything is, and how to speak to it.

    `endpoint_url` None is AWS itself; `by_eventbridge` says that EventBridge tells the jobs queue of uploads, and not
    their bucket itself. `delivery_url` is where a distribution delivers the derived bucket, None where there is none;
    `distribution_arn` says which one. `signing_keys` are CloudFront's ids of the keys that must sign its URLs, by the
    fingerprints of their public keys.
    `derived_prefix` is with what the keys of all that is made start there.
    """

    session: boto3.Session = field(repr=False, compare=False)
    endpoint_url: str | None
    stack_name: str
    uploads_bucket: str
    derived_bucket: str
    jobs_queue_url: str
    dead_letter_queue_url: str
    function_name: str
    by_eventbridge: bool = False
    delivery_url: str | None = None
    distribution_arn: str | None = None
    signing_keys: Mapping[str, str] = field(default_factory=dict)
    derived_prefix: str = ""

    @property
    def region(self) -> str:
        """The AWS region's name."""
        return self.session.region_name

    def manifest_key(self, key: str) -> str:
        """Give the derived bucket's key of an upload's manifest."""
        return manifest_key(key, self.derived_prefix)

    def client(self, service: str, **options: Any) -> Any:
        """Make a boto3 client for this pipeline.

        `options` are those of `boto3.Session.client`.
        """
        return client_of(self.session, service, self.endpoint_url, **options)

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
        """Read what the function has logged in a time.

        Its JSON logs and metrics, and Lambda's own lines. `pattern` is a filter of CloudWatch Logs for JSON lines.
        Emulators take it for "everything", so a reader passes over what it did not ask for:
        docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
        """
        logs: CloudWatchLogsClient = self.client("logs")
        times = {"startTime": since, "endTime": until}
        within = {name: int(each.timestamp() * 1000) for name, each in times.items() if each}
        for event in filter_log_events(logs, self.log_group(), pattern, within):
            yield LogLine(milliseconds=event["timestamp"], text=event["message"])

    def _function(self) -> "FunctionConfigurationResponseTypeDef":
        functions: LambdaClient = self.client("lambda")
        return functions.get_function_configuration(FunctionName=self.function_name)


def find_pipeline(stack_name: str, endpoint_url: str | None, session: boto3.Session) -> Pipeline:
    """Find a pipeline that is deployed already.

    Raises:
        DeploymentError: there is no such stack, or it is no pipeline.
    """
    cloudformation: CloudFormationClient = client_of(session, "cloudformation", endpoint_url)
    stack = find_stack(stack_name, cloudformation)
    if stack is None:
        place, advice = f"in {session.region_name}", "Deploy it first, or name another with --stack."
        if endpoint_url:
            place, advice = f"at {endpoint_url}", "Name another with --stack, or start `darkroom up`."
        raise DeploymentError(f"There is no stack {stack_name!r} {place}. {advice}")
    return pipeline_of(stack_name, outputs_of(stack), endpoint_url, session)


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


def client_of(session: boto3.Session, service: str, endpoint_url: str | None, **options: Any) -> Any:
    """Make a boto3 client of AWS, or of the emulator at this address."""
    return session.client(service, endpoint_url=endpoint_url, **options)


def pipeline_of(
    stack_name: str, outputs: Mapping[str, str], endpoint_url: str | None, session: boto3.Session
) -> Pipeline:
    """Make a pipeline of a stack's outputs.

    Raises:
        DeploymentError: one is missing.
    """
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
        by_eventbridge=outputs.get(UploadsOutput.NOTIFIED_BY) == NotifiedBy.EVENTBRIDGE,
        distribution_arn=outputs.get(DeliveryOutput.DISTRIBUTION_ARN),
        delivery_url=_reachable(outputs.get(DeliveryOutput.URL), endpoint_url),
        signing_keys=_signing_keys(outputs.get(DeliveryOutput.SIGNING_KEYS)),
        derived_prefix=outputs.get(DerivedOutput.PREFIX, ""),
    )


def _signing_keys(told: str | None) -> dict[str, str]:
    pairs = (each.partition(":") for each in told.split(",")) if told else ()
    return {fingerprint: key_id for fingerprint, _, key_id in pairs}


def _reachable(delivery_url: str | None, endpoint_url: str | None) -> str | None:
    """Give the address at which this machine's browser reaches a distribution, which may be the emulator's."""
    if delivery_url is None or endpoint_url is None:
        return delivery_url
    endpoint, host = urlsplit(endpoint_url), urlsplit(delivery_url).netloc
    if not host.endswith(CLOUDFRONT_HOST):
        return delivery_url
    return f"{endpoint.scheme}://{host.removesuffix(CLOUDFRONT_HOST)}.cloudfront.localhost:{endpoint.port}"
