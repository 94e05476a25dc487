"""The settings of cdk.json as one frozen value."""

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from contract.errors import SettingsError
from resize.backoff import Backoff
from resize.imaging.engine import Engine
from resize.imaging.limits import Limits
from resize.imaging.presets import Preset
from resize.imaging.variants import Variant, parse_variants
from resize.settings import STORAGE_SECONDS, WALL_FACTOR, Events, Settings
from stacks.config.context import parse_json
from stacks.config.event_target import EventTarget, parse_event_target
from stacks.config.presets import check_presets, notified_prefixes
from stacks.config.rules import (
    BOOLEAN,
    DAYS,
    ENGINE,
    LOG_DAYS,
    MESSAGE_DAYS,
    ORIGINS,
    POLLERS,
    PRESETS,
    VARIANTS,
    Pollers,
    Rule,
    integer,
    one_of,
    optional,
    text,
)
from stacks.config.setting import rule_of, setting

# In all, names and values: docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html. What Lambda measures, going
# by its own error message, is the environment as JSON text.
MAX_ENVIRONMENT_BYTES = 4096
# docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
MAX_BUCKET_NAME = 63
RESERVED_BUCKET_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
# https://sqs.<region>.<domain>/<account>/<name of 80 characters>, in the region and the domain with the longest names.
MAX_QUEUE_URL = 150
_LONGEST_SOURCE = "/darkroom/123456789012/us-gov-northwest-1/"

_LIMITS = Limits()
# Format and quality are spelled out, as they are what people change first.
_DEFAULT_VARIANTS = {
    "large": {"width": 1600, "format": "webp", "quality": 80},
    "medium": {"width": 800, "format": "webp", "quality": 80},
    "thumb": {"width": 320, "height": 320, "fit": "cover", "format": "webp", "quality": 80},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What can be configured: each setting's default, rule and documentation; `make settings` writes them out.

    Days, seconds, megabytes (of 1,048,576 bytes) and bytes are whole numbers.
    """

    # docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-using-console-create-stack-parameters.html, but short
    # enough for a queue's name, 80 characters, to hold it; names.py cuts it where a name has a suffix too.
    stack_name: str = setting(
        "Darkroom",
        text(r"[A-Za-z][A-Za-z0-9-]{0,63}", "1 to 64 letters, digits and '-', starting with a letter"),
        "the CloudFormation stack; the uploads bucket and the jobs queue are called after it",
    )
    # docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    legacy_uploads_bucket: str | None = setting(
        None,
        optional(text(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "the name of a bucket, or null for a stack from 0.1.0 on")),
        "the uploads bucket of a stack from before 0.1.0, which keeps its names: [how](../CHANGELOG.md)",
    )
    # Other characters must be percent-encoded in a filter, and would be easy to get wrong:
    # docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
    key_prefix: str = setting(
        "",
        text(r"[0-9A-Za-z/!_.'()-]{0,1024}", 'at most 1,024 letters, digits and /!_.\'()-, or "" for every key'),
        "only keys that start so are resized",
    )
    # A CORS rule lets a page see how its upload ended; to upload needs the link's signature all the same.
    cors_origins: tuple[str, ...] = setting(
        ("*",),
        ORIGINS,
        "pages of which origins may see how an upload ended that they posted with a [link](operations.md): "
        '`["https://www.example.com"]`; a file that was opened has the origin `null`. It lets nobody upload who has no '
        "link",
        written=["*"],
    )
    variants: tuple[Variant, ...] = setting(
        parse_variants(_DEFAULT_VARIANTS), VARIANTS, "the sizes: see below", written=_DEFAULT_VARIANTS
    )
    presets: tuple[Preset, ...] = setting(
        (), PRESETS, "other sizes for the keys of a folder: [see below](#variants-by-folder)", written=[]
    )
    # Whether `cdk destroy` leaves the buckets and the log. False removes them; the buckets must be empty by then, as
    # emptying them for you would take a function with the right to delete everything.
    retain_data: bool = setting(True, BOOLEAN, "whether `make destroy` leaves the buckets and the log")
    noncurrent_days: int = setting(30, DAYS, "how long an overwritten or deleted upload can be brought back")
    keep_variants_of_expired: bool = setting(
        False,
        BOOLEAN,
        "whether variants outlive an upload that a lifecycle rule of yours expires: "
        "[see below](#originals-that-expire)",
    )
    fallback_versions: int = setting(
        3,
        integer(0, 10),
        "how many uploads before a rejected one are looked at for a good one to be shown instead: "
        "[see below](#uploads-that-are-rejected)",
    )
    abort_upload_days: int = setting(1, DAYS, "how long the parts of an unfinished multipart upload are kept")
    # How long a deleted upload's manifest stays, so that an older job that comes late cannot bring its variants back.
    removed_manifest_days: int = setting(
        30, DAYS, "how long a deleted key's manifest stays; longer than any message lives"
    )
    queue_retention_days: int = setting(4, MESSAGE_DAYS, "how long a job may wait")
    dead_letter_retention_days: int = setting(
        14, MESSAGE_DAYS, "how long a dead letter is kept, from its job's first day"
    )
    # docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue.html
    max_receive_count: int = setting(
        8, integer(1, 1000), "how often a job is tried: soon at first and then ever later, for about two hours"
    )
    # A full batch of the slowest images fits, nine times render_seconds and once three times that, so that none of them
    # costs another a receive.
    # docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    function_timeout_seconds: int = setting(
        330, integer(STORAGE_SECONDS + WALL_FACTOR + 1, 900), "how long one batch may take"
    )
    render_seconds: int = setting(
        25,
        integer(1, 900),
        "how much processor time one image may take, before it is rejected; by the clock it may take three times "
        "as long",
    )
    # docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
    visibility_timeout_seconds: int | None = setting(
        None,
        optional(integer(1, 43_200, ", or null for 6 x timeout + window")),
        "how long a received job stays hidden, unless the function says when to retry it; `null` is 6 times the "
        "function's timeout + the window",
    )
    # docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html
    batch_size: int = setting(10, integer(1, 10_000), "how many jobs one invocation takes")
    batch_window_seconds: int = setting(1, integer(0, 300), "how long Lambda waits for that many")
    # How many invocations run at a time at most; None with provisioned_pollers, which are kept ready and cost money.
    # docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
    max_concurrency: int | None = setting(
        50,
        optional(integer(2, 1000, ", or null with provisioned_pollers")),
        "how many invocations run at once; [what that carries](scale.md)",
    )
    provisioned_pollers: Pollers | None = setting(
        None, optional(POLLERS), '`{"minimum": …, "maximum": …}` instead of `max_concurrency`'
    )
    # Lambda would take 128, but the sandbox gets only what the consumer does not keep for itself:
    # docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
    memory_mb: int = setting(
        1769,
        integer(1024, 10_240),
        "memory, and with it processor: 1,769 is one vCPU, and each renders an image of its own",
    )
    # Before 3.12 Lambda's system is Amazon Linux 2, whose C library is too old for Pillow's wheels:
    # docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
    python: str = setting("3.14", one_of("3.12", "3.13", "3.14"), "the function's runtime")
    architecture: str = setting("arm64", one_of("arm64", "x86_64"), 'or `"x86_64"`')
    log_retention_days: int = setting(30, LOG_DAYS, "how long logs are kept")
    cache_control: str = setting(
        "public, max-age=3600",
        text(r"[\x20-\x7e]{1,256}", "1 to 256 printable ASCII characters"),
        "the `Cache-Control` of every rendition",
    )
    jobs_at_once: int = setting(
        4,
        integer(1, 32),
        "how many jobs of a batch overlap: one waits for S3 while another renders; three keep a vCPU busy",
    )
    max_source_bytes: int = setting(
        _LIMITS.source_bytes,
        integer(1, 10_240 * 2**20),
        "what an image may weigh; `memory_mb` must hold one for each of `jobs_at_once`",
    )
    max_frame_pixels: int = setting(_LIMITS.frame_pixels, integer(1, 2**32), "how many pixels a frame may have")
    max_frames: int = setting(_LIMITS.frames, integer(1, 2**32), "how many frames an animation may have")
    max_total_pixels: int = setting(_LIMITS.total_pixels, integer(1, 2**32), "how many pixels all frames may have")
    events: EventTarget | None = setting(
        None,
        optional(Rule(parse=parse_event_target, allowed="null, or an object whose `to` is eventbridge or kafka")),
        "where every outcome is announced, for others to read: [events](events.md#turn-it-on)",
    )
    monitoring: bool = setting(True, BOOLEAN, "alarms, a dashboard and saved queries: see below")
    # An address as RFC 5321 has it, without the quoted and the bracketed forms.
    alarm_email: str | None = setting(
        None,
        optional(
            text(
                r"(?=.{3,254}$)[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,63}",
                "an e-mail address, or null",
            )
        ),
        "who is told of alarms; SNS asks that address for its consent",
    )
    # How old a job may be; None is one and a half visibility timeouts, so that one retry is no alarm. SQS counts no age
    # after the third receive, two timeouts after the first:
    # docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    alarm_oldest_message_seconds: int | None = setting(
        None,
        optional(integer(60, 1_209_600, ", or null for 1.5 x the visibility timeout")),
        "how old a job may be; `null` is 1.5 times the visibility timeout",
    )
    # How many percent of the jobs may fail, or be rejected. A share is of alarm_minimum_jobs at least, so that the only
    # job of a night is not all of them.
    alarm_failed_percent: int = setting(5, integer(0, 99), "how many jobs of a hundred may fail")
    alarm_rejected_percent: int = setting(25, integer(0, 99), "how many images of a hundred may be rejected")
    alarm_minimum_jobs: int = setting(
        50, integer(1, 1_000_000), "how many jobs there must be before those shares count"
    )
    # One day for a period of a minute, seven for one of an hour:
    # docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    alarm_at_cap_minutes: int = setting(30, integer(1, 1440), "how long `max_concurrency` may be used up")
    alarm_no_jobs_hours: int | None = setting(
        None,
        optional(integer(1, 168, ", or null for no such alarm")),
        "how long there may be no job; `null` is for ever",
    )
    engine: Engine = setting(Engine.PILLOW, ENGINE, 'which library resizes: `"vips"` is [faster](#which-engine)')
    # "this-machine" makes a bundle for the emulator, which runs the function on the Python that it runs on itself.
    bundle_for: str = setting(
        "lambda", one_of("lambda", "this-machine"), '`"this-machine"` makes the bundle for the local pipeline'
    )

    @property
    def visibility_seconds(self) -> int:
        """How long a received job stays hidden: docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html."""
        if self.visibility_timeout_seconds is not None:
            return self.visibility_timeout_seconds
        return 6 * self.function_timeout_seconds + self.batch_window_seconds

    @property
    def oldest_message_seconds(self) -> int:
        """How old a job may be before it is an alarm."""
        if self.alarm_oldest_message_seconds is not None:
            return self.alarm_oldest_message_seconds
        return 3 * self.visibility_seconds // 2

    @property
    def notified_prefixes(self) -> tuple[str, ...]:
        """With what the keys start of which S3 sends events: all that are resized, and few others."""
        return notified_prefixes(self.variants, self.presets, self.key_prefix)

    @property
    def backoff(self) -> Backoff:
        """When a job that was not done is tried again."""
        return Backoff(visibility_seconds=self.visibility_seconds, max_receives=self.max_receive_count)

    def settings(
        self, *, uploads_bucket: str, derived_bucket: str, jobs_queue_url: str = "", events: Events | None = None
    ) -> Settings:
        """What the function is told, for two buckets by their names, a queue, and where it announces outcomes."""
        return Settings(
            uploads_bucket=uploads_bucket,
            derived_bucket=derived_bucket,
            variants=self.variants,
            presets=self.presets,
            limits=Limits(
                source_bytes=self.max_source_bytes,
                frame_pixels=self.max_frame_pixels,
                frames=self.max_frames,
                total_pixels=self.max_total_pixels,
            ),
            cache_control=self.cache_control,
            jobs_at_once=self.jobs_at_once,
            render_seconds=self.render_seconds,
            keep_variants_of_expired=self.keep_variants_of_expired,
            fallback_versions=self.fallback_versions,
            stack_name=self.stack_name,
            engine=self.engine,
            jobs_queue_url=jobs_queue_url,
            backoff=self.backoff,
            events=events,
        )


_RULES: Mapping[str, Rule] = {field.name: rule_of(field) for field in fields(Config)}
_TEXT_KNOBS = frozenset(knob.name for knob in fields(Config) if knob.type is str)
_CDK_COMMAND_LINE_KEYS = frozenset({"acknowledged-issue-numbers", "cli-telemetry"})


def parse_config(context: Mapping[str, object]) -> Config:
    """Make the configuration of a CDK context; a setting not in it has its default, and the CDK's own keys are ignored.

    A value may be text that holds the JSON of what is meant: `cdk deploy -c memory_mb=3008` hands over text.

    Raises:
        SettingsError: an unknown setting, a wrong type or value, or values that cannot work together.
    """
    knobs = {key: value for key, value in context.items() if not is_cdk_key(key)}
    for key, value in knobs.items():
        if key not in _RULES:
            raise SettingsError(key if key.isprintable() else repr(key), value, _nearest(key))
    config = Config(**{key: _RULES[key].parse(key, _from_text(key, value)) for key, value in knobs.items()})
    _check_together(config)
    return config


def is_cdk_key(key: str) -> bool:
    """Whether a context key is the CDK's own: a feature flag, a cached look-up, or what its command line notes."""
    return any(mark in key for mark in "@:/") or key in _CDK_COMMAND_LINE_KEYS


def _nearest(key: str) -> str:
    names = difflib.get_close_matches(key.replace("-", "_").lower(), _RULES, n=1, cutoff=0.0)
    return f"the name of a setting; the nearest is {names[0]!r}"


def _from_text(key: str, value: object) -> object:
    if not isinstance(value, str) or key in _TEXT_KNOBS:
        return value
    try:
        return parse_json(value)
    except SettingsError:
        raise
    except ValueError:
        return value


def _check_together(config: Config) -> None:
    _check_names(config)
    check_presets(config.variants, config.presets, config.key_prefix)
    _check_times(config)
    _check_consumption(config)
    _check_monitoring(config)
    _check_environment(config)


def _check_names(config: Config) -> None:
    if config.legacy_uploads_bucket is None and config.stack_name.lower().startswith(RESERVED_BUCKET_PREFIXES):
        raise SettingsError(
            "stack_name",
            config.stack_name,
            f"a name that does not start with {', '.join(RESERVED_BUCKET_PREFIXES)}: "
            "the uploads bucket is called after it, and S3 keeps those for itself",
        )


def _check_times(config: Config) -> None:
    longest_render = (config.function_timeout_seconds - STORAGE_SECONDS - 1) // WALL_FACTOR
    if config.render_seconds > longest_render:
        raise SettingsError(
            "render_seconds",
            config.render_seconds,
            f"at most {longest_render} with a function_timeout_seconds of {config.function_timeout_seconds}: "
            f"a job is started only while {WALL_FACTOR} times that and {STORAGE_SECONDS} seconds for storage are left",
        )
    _check_fallback(config)
    if config.visibility_seconds < config.function_timeout_seconds:
        raise SettingsError(
            "visibility_timeout_seconds",
            config.visibility_seconds,
            f"at least function_timeout_seconds, {config.function_timeout_seconds}: Lambda refuses less",
        )
    if config.queue_retention_days >= config.dead_letter_retention_days:
        raise SettingsError(
            "queue_retention_days",
            config.queue_retention_days,
            f"less than dead_letter_retention_days, {config.dead_letter_retention_days}: a dead letter keeps its age",
        )
    message_days = config.queue_retention_days + config.dead_letter_retention_days
    if config.removed_manifest_days <= message_days:
        raise SettingsError(
            "removed_manifest_days",
            config.removed_manifest_days,
            f"more than {message_days}, the days that a message can live in both queues",
        )


def _check_fallback(config: Config) -> None:
    """See that one invocation has the time to reject an upload, and as many before it, each at its slowest."""
    rendered = (config.function_timeout_seconds - STORAGE_SECONDS - 1) // (WALL_FACTOR * config.render_seconds)
    if config.fallback_versions >= rendered:
        raise SettingsError(
            "fallback_versions",
            config.fallback_versions,
            f"at most {rendered - 1} with a function_timeout_seconds of {config.function_timeout_seconds} and a "
            f"render_seconds of {config.render_seconds}: a job may take {WALL_FACTOR} times that for its own image and "
            f"for each of these, and {STORAGE_SECONDS} seconds for storage; raise the timeout, or lower either",
        )


def _check_consumption(config: Config) -> None:
    if config.batch_size > 10 and config.batch_window_seconds == 0:  # noqa: PLR2004  # the next line says what 10 is
        raise SettingsError("batch_window_seconds", 0, "at least 1 with a batch_size over 10: Lambda refuses 0")
    if config.provisioned_pollers is not None and config.max_concurrency is not None:
        raise SettingsError(
            "max_concurrency", config.max_concurrency, "null with provisioned_pollers: Lambda takes one of the two"
        )
    if config.provisioned_pollers is None and config.max_concurrency is None:
        raise SettingsError("max_concurrency", None, "a whole number from 2 to 1000 unless provisioned_pollers is set")
    _check_memory(config)


def _check_memory(config: Config) -> None:
    most = config.settings(uploads_bucket="", derived_bucket="").most_source_bytes(config.memory_mb)
    if config.max_source_bytes > most:
        raise SettingsError(
            "max_source_bytes",
            config.max_source_bytes,
            f"at most {most} with a memory_mb of {config.memory_mb} and a jobs_at_once of {config.jobs_at_once}: each "
            "of these jobs holds a source in memory, beside those that are rendered; raise memory_mb or lower "
            "jobs_at_once",
        )


def _check_monitoring(config: Config) -> None:
    for knob in ("alarm_email", "alarm_no_jobs_hours"):
        value = getattr(config, knob)
        if value is not None and not config.monitoring:
            raise SettingsError(knob, value, "null without monitoring: there are no alarms then")


def _check_environment(config: Config) -> None:
    """See that the environment has room for what the function is told; no preset has more than `variants` may."""
    _check_room(replace(config, presets=()), "variants", f"{len(config.variants)} variants")
    for preset in config.presets:
        alone = replace(config, variants=preset.variants, presets=())
        _check_room(alone, f"presets[{preset.prefix!r}].variants", f"{len(preset.variants)} variants")
    _check_room(config, "presets", f"{len(config.presets)} presets")


def _check_room(config: Config, key: str, what: str) -> None:
    longest = "b" * MAX_BUCKET_NAME
    events = Events(queue_url="q" * MAX_QUEUE_URL, source=f"{_LONGEST_SOURCE}{config.stack_name}")
    environment = config.settings(
        uploads_bucket=longest,
        derived_bucket=longest,
        jobs_queue_url="q" * MAX_QUEUE_URL,
        events=events if config.events else None,
    ).to_environment()
    size = len(json.dumps(environment).encode())
    if size > MAX_ENVIRONMENT_BYTES:
        raise SettingsError(
            key,
            what,
            f"an environment of at most {MAX_ENVIRONMENT_BYTES} bytes, and these make it {size}; configure fewer",
        )
