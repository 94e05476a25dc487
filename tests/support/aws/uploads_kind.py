"""The kinds of uploads bucket that a pipeline may have, each on the emulator."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from support.aws.adopted_bucket import BUCKET, make_by_hand

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

EVENTBRIDGE: Final = "eventbridge"
NOTIFICATION: Final = "notification"
# What the bucket tells others of: by notification no event of a key has two targets.
_OF_OTHERS: Final = "s3:ObjectTagging:*"


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadsKind:
    """Whose the uploads bucket is, who tells of its uploads, and whether it keeps versions.

    `notified_by` is None where the bucket is the stack's own. S3 names the version in every event of a versioned
    bucket, but the emulator's EventBridge leaves it out: a job then takes the current version for its own, as where no
    versions are kept. So what follows from an event's version is not proven by EventBridge here: that a late job knows
    that it is, and does nothing. tests/functional/resize/test_existing_bucket_convergence.py has events with versions.
    """

    name: str
    is_versioned: bool = True
    notified_by: str | None = None

    @property
    def tells_versions(self) -> bool:
        """Whether the events of this kind name a version."""
        return self.is_versioned and self.notified_by != EVENTBRIDGE

    @property
    def settings(self) -> dict[str, object]:
        """What cdk.json says of such a bucket."""
        return {"uploads_bucket": {"name": BUCKET, "notified_by": self.notified_by}} if self.notified_by else {}

    def prepare(self, s3: "S3Client") -> None:
        """Make the bucket, unless the stack does."""
        if self.notified_by:
            make_by_hand(s3, versioned=self.is_versioned, event=_OF_OTHERS)


OWN: Final = UploadsKind(name="own")
EVENTBRIDGE_VERSIONED: Final = UploadsKind(name="eventbridge-versioned", notified_by=EVENTBRIDGE)
EVENTBRIDGE_UNVERSIONED: Final = UploadsKind(
    name="eventbridge-unversioned", notified_by=EVENTBRIDGE, is_versioned=False
)
NOTIFICATION_VERSIONED: Final = UploadsKind(name="notification-versioned", notified_by=NOTIFICATION)
NOTIFICATION_UNVERSIONED: Final = UploadsKind(
    name="notification-unversioned", notified_by=NOTIFICATION, is_versioned=False
)

EVERY: Final = (
    OWN,
    EVENTBRIDGE_VERSIONED,
    EVENTBRIDGE_UNVERSIONED,
    NOTIFICATION_VERSIONED,
    NOTIFICATION_UNVERSIONED,
)
