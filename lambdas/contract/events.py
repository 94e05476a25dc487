"""What happened to an object in the uploads bucket, however S3 told it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from contract.object_version import identity_of

# What the uploads bucket tells of. A rule that expires a current version puts a delete marker on it. Of old versions
# that expire, which is `LifecycleExpiration:Delete`, there are many, and they change no picture.
NOTIFIED_EVENTS = ("s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:LifecycleExpiration:DeleteMarkerCreated")


class EventType(StrEnum):
    """What happened to a key: S3's own names of the events."""

    CREATED = "ObjectCreated"
    DELETED = "ObjectRemoved:Delete"  # a version, or a delete marker, was removed for good
    MARKED_DELETED = "ObjectRemoved:DeleteMarkerCreated"
    # By a lifecycle rule: docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-configure-notification.html
    EXPIRED = "LifecycleExpiration:DeleteMarkerCreated"
    EXPIRED_FOR_GOOD = "LifecycleExpiration:Delete"  # an old version, or what a bucket without versions had


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectEvent:
    """One event about one object version.

    `size` is in bytes; `etag` has no quotes; both are those of the event, so they are 0 and empty where it tells none.
    `time` is when S3 took it. `requested` is when `darkroom backfill` asked to do it again, None for S3's own events.
    """

    change: EventType
    bucket: str
    key: str
    version_id: str | None
    etag: str
    size: int
    sequencer: str
    time: datetime
    requested: datetime | None = None

    @property
    def identity(self) -> str:
        """Which upload of the key it is about: `identity_of`.

        Empty where a bucket without versions has lost it.
        """
        return identity_of(self.version_id, self.etag)
