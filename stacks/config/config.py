"""The settings of cdk.json as one frozen value."""

from dataclasses import dataclass

from resize.backoff import Backoff
from resize.imaging.engine import Engine
from resize.imaging.limits import Limits
from resize.imaging.presets import Preset
from resize.imaging.variants import Rule, Variant, parse_variants
from resize.settings import STORAGE_SECONDS, WALL_FACTOR, Events, Settings
from stacks.config.delivery import Delivery, parse_delivery
from stacks.config.derived_bucket import ExistingDerivedBucket, parse_derived_bucket
from stacks.config.event_target import EventTarget, parse_event_target
from stacks.config.existing_bucket import BUCKET_NAME, ExistingBucket, parse_existing_bucket
from stacks.config.presets import notified_prefixes
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
    integer,
    one_of,
    optional,
    text,
)
from stacks.config.setting import setting

# docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
MAX_BUCKET_NAME = 63

_LIMITS = Limits()
# The format is spelled out, as it is what people change first.
_DEFAULT_VARIANTS = {
    "large": {"width": 1600, "format": "webp"},
    "medium": {"width": 800, "format": "webp"},
    "thumb": {"width": 320, "height": 320, "fit": "cover", "format": "webp"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What can be configured: each setting's default, rule and documentation.

    `make settings` writes them out. Days, seconds, megabytes (of 1,048,576 bytes) and bytes are whole numbers.
    """

    # docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-using-console-create-stack-parameters.html, but short
    # enough for a queue's name, 80 characters, to hold it; names.py cuts it where a name has a suffix too.
    stack_name: str = setting(
        "Darkroom",
        text(r"[A-Za-z][A-Za-z0-9-]{0,63}", "1 to 64 letters, digits and '-', starting with a letter"),
        "the CloudFormation stack; the uploads bucket and the jobs queue are called after it",
    )
    uploads_bucket: ExistingBucket | None = setting(
        None,
        optional(
            Rule(
                parse=parse_existing_bucket, allowed="null, or an object whose `name` is that of a bucket that is there"
            )
        ),
        "a bucket that is there already, instead of one of the stack's own: [existing buckets](existing-bucket.md)",
    )
    derived_bucket: ExistingDerivedBucket | None = setting(
        None,
        optional(
            Rule(
                parse=parse_derived_bucket, allowed="null, or an object whose `name` is that of a bucket that is there"
            )
        ),
        "a bucket that is there already, for what is made: "
        "[existing buckets](existing-bucket.md#an-existing-derived-bucket)",
    )
    legacy_uploads_bucket: str | None = setting(
        None,
        optional(text(BUCKET_NAME.pattern, "the name of a bucket, or null for a stack from 0.1.0 on")),
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
    # S3 Glacier Instant Retrieval is read like any other class, and is billed for 90 days at least:
    # docs.aws.amazon.com/AmazonS3/latest/userguide/glacier-storage-classes.html
    archive_originals_days: int | None = setting(
        None,
        optional(integer(1, 2**31 - 1, ", or null for never")),
        "after how many days uploads move to S3 Glacier Instant Retrieval, which costs less to keep and more to read; "
        "`null` is never",
    )
    expire_originals_days: int | None = setting(
        None,
        optional(integer(1, 2**31 - 1, ", or null for never")),
        "after how many days uploads expire, and their variants unless `keep_variants_of_expired`; `null` is never",
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
    batch_window_seconds: int = setting(
        0,
        integer(0, 300),
        "how long Lambda waits for that many, and every upload with it: "
        "[when that pays](scale.md#batch_window_seconds-0)",
    )
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
    # Lambda decides which invocations are recorded, and no setting of a function changes how many:
    # docs.aws.amazon.com/lambda/latest/dg/services-xray.html
    tracing: bool = setting(
        False,
        BOOLEAN,
        "whether X-Ray records invocations: [what that tells, and costs](operations.md#traces)",
    )
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
        optional(
            Rule(
                parse=parse_event_target,
                allowed="null, or an object whose `to` is eventbridge, kafka or msk-serverless",
            )
        ),
        "where every outcome is announced, for others to read: [events](events.md#turn-it-on)",
    )
    delivery: Delivery | None = setting(
        None,
        optional(Rule(parse=parse_delivery, allowed="null, or an object, {} for a distribution of the stack's own")),
        "a CloudFront distribution that variants are delivered by: [delivery](delivery.md)",
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
        """How long a received job stays hidden.

        docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html.
        """
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
        """With what the keys start of which S3 sends events.

        Those are all that are resized, and few others.
        """
        existing = self.uploads_bucket
        rule_of = existing.name if existing and existing.by_eventbridge else None
        return notified_prefixes(self.variants, self.presets, self.key_prefix, rule_of=rule_of)

    @property
    def backoff(self) -> Backoff:
        """When a job that was not done is tried again."""
        return Backoff(visibility_seconds=self.visibility_seconds, max_receives=self.max_receive_count)

    def settings(
        self,
        *,
        uploads_bucket: str,
        derived_bucket: str,
        jobs_queue_url: str = "",
        events: Events | None = None,
        delivery_url: str | None = None,
    ) -> Settings:
        """What the function is told.

        Given are both buckets by their names, a queue, where outcomes are announced, and where variants are delivered.
        """
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
            delivery_url=delivery_url,
            derived_prefix=self.derived_bucket.prefix if self.derived_bucket else None,
        )
