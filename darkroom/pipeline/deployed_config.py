"""Read the configuration of a deployed pipeline."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from contract.errors import SettingsError
from contract.eventbridge_event import CREATED
from darkroom.errors import DarkroomError, aws_errors
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.deploy_advice import deploy_advice
from darkroom.pipeline.eventbridge_rules import read_rules
from darkroom.pipeline.sqs import read_queue
from resize.imaging.presets import Preset
from resize.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


_DENIED = {"AccessDenied", "AccessDeniedException"}
_UNKNOWN = _DENIED | {"ResourceNotFoundException"}


_SHOWN_PREFIXES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """Events of keys with a prefix that a bucket sends to one queue."""

    queue_arn: str
    events: tuple[str, ...]
    prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which keys are resized.

    Those that start with one of the prefixes and have variants. Any do where `prefixes` is not known, and any have
    where `settings` are not: those of the function. `remedy` says what helps where no key is, without its full stop.
    """

    prefixes: tuple[str, ...] | None
    settings: Settings | None = None
    remedy: str = "Deploy the stack again"

    def includes(self, key: str) -> bool:
        """Tell whether an upload of this key is resized, as far as is known."""
        is_told = self.prefixes is None or key.startswith(self.prefixes)
        return is_told and (self.settings is None or bool(self.settings.variants_for(key)))

    def start_of(self, name: str) -> str:
        """Find a prefix below which a key that goes on with `name` is resized."""
        presets = self.settings.presets if self.settings else ()
        starts = [*(self.prefixes or ("",)), *(each.prefix for each in presets)]
        return next((each for each in starts if self.includes(f"{each}{name}")), starts[0])

    def preset_of(self, key: str) -> Preset | None:
        """Find the preset of a key of which S3 tells, as far as is known."""
        is_told = self.prefixes is None or key.startswith(self.prefixes)
        return self.settings.preset_of(key) if is_told and self.settings else None

    def rule_for(self, key: str) -> str:
        """Say in words why an upload of this key is not resized."""
        if self.prefixes == ():
            return f"the uploads bucket sends no jobs to this pipeline's queue. {self.remedy}"
        if preset := self.preset_of(key):
            return f"the preset {preset.prefix!r} has no variants"
        told, presets = self.prefixes, self.settings.presets if self.settings else ()
        if told is None or key.startswith(told):
            # S3 tells of more keys than are resized where prefixes of presets are joined, and nobody may know of which.
            told = tuple(each.prefix for each in presets if each.variants)
        slash = ", whose first / is a part of the key" if any(each.startswith("/") for each in told) else ""
        starts = " or ".join(map(repr, told[:_SHOWN_PREFIXES]))
        more = f" or {len(told) - _SHOWN_PREFIXES} others" if len(told) > _SHOWN_PREFIXES else ""
        settings = f"key_prefix{' and presets' if presets else ''}{slash}"
        return f"only keys that start with {starts}{more} are (the stack's {settings})"


def find_scope(pipeline: Pipeline) -> Scope:
    """Ask of which keys jobs are sent, and the function which have variants.

    Who may not ask does not know.

    Raises:
        DarkroomError: AWS does not answer.
    """
    settings = known_settings(pipeline)
    read = _prefixes_of_rules if pipeline.by_eventbridge else _prefixes_of_notifications
    with aws_errors("Reading which uploads become jobs"):
        try:
            remedy = deploy_advice(pipeline, "Deploy the stack again").removesuffix(".")
            return Scope(prefixes=read(pipeline), settings=settings, remedy=remedy)
        except ClientError as error:
            if error.response["Error"]["Code"] in _DENIED:
                return Scope(prefixes=None, settings=settings)
            raise


def _prefixes_of_notifications(pipeline: Pipeline) -> tuple[str, ...]:
    queue = pipeline.jobs_queue_url.rpartition("/")[2]
    return tuple(
        each.prefix
        for each in read_notifications(pipeline.client("s3"), pipeline.uploads_bucket)
        if each.queue_arn.rpartition(":")[2] == queue
        and any(event.startswith("s3:ObjectCreated:") for event in each.events)
    )


def _prefixes_of_rules(pipeline: Pipeline) -> tuple[str, ...]:
    arn = read_queue(pipeline.client("sqs"), pipeline.jobs_queue_url).arn
    rules = read_rules(pipeline, arn)
    return tuple(prefix for rule in rules if rule.enabled and CREATED in rule.changes for prefix in rule.prefixes)


def find_max_source_bytes(pipeline: Pipeline) -> int | None:
    """Ask the function what an image may weigh.

    None for who may not ask, and where it is no function of ours.

    Raises:
        DarkroomError: Lambda does not answer.
    """
    settings = known_settings(pipeline)
    return settings.limits.source_bytes if settings else None


def known_settings(pipeline: Pipeline) -> Settings | None:
    """Ask the function for its settings.

    None for who may not ask, and where it is no function of ours.

    Raises:
        DarkroomError: Lambda does not answer.
    """
    with aws_errors("Reading the configuration of the function"):
        try:
            return Settings.from_environment(pipeline.function_environment())
        except SettingsError:
            return None
        except ClientError as error:
            if error.response["Error"]["Code"] in _UNKNOWN:
                return None
            raise


def read_settings(pipeline: Pipeline) -> Settings:
    """Ask the function for its settings.

    Raises:
        DarkroomError: Lambda does not answer, or the settings are not of this version of Darkroom.
    """
    with aws_errors("Reading the configuration of the function"):
        environment = pipeline.function_environment()
    try:
        return Settings.from_environment(environment)
    except SettingsError as error:
        advice = deploy_advice(pipeline, "Deploy it, and run again.")
        raise DarkroomError(f"The function is another Darkroom's: {error}. {advice}") from error


def settings_fault(environment: Mapping[str, str]) -> str | None:
    """Say why a function with these variables cannot start; None where it can."""
    try:
        Settings.from_environment(environment)
    except SettingsError as error:
        return str(error)
    return None


def read_notifications(s3: "S3Client", bucket: str) -> tuple[Notification, ...]:
    """Read which events a bucket sends to queues.

    Raises:
        ClientError: S3 refuses.
    """
    answer: Any = s3.get_bucket_notification_configuration(Bucket=bucket)
    return notifications_in(answer)


def notifications_in(answer: Mapping[str, Any]) -> tuple[Notification, ...]:
    """Find the events for queues among all the notifications of a bucket."""
    return tuple(
        Notification(queue_arn=each["QueueArn"], events=tuple(each["Events"]), prefix=prefix_of(each))
        for each in answer.get("QueueConfigurations", ())
    )


def prefix_of(configuration: Mapping[str, Any]) -> str:
    """Find the prefix of keys in a bucket's notification."""
    rules = configuration.get("Filter", {}).get("Key", {}).get("FilterRules", ())
    return next((str(rule["Value"]) for rule in rules if rule["Name"].lower() == "prefix"), "")
