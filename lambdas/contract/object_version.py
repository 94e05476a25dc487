"""Tell one upload of a key from another, with versions or without."""

from contract.focal_point import FocalPoint

# What S3 calls the version of an object that was put while its bucket kept none:
# docs.aws.amazon.com/AmazonS3/latest/userguide/AddingObjectstoVersionSuspendedBuckets.html
_NO_VERSION = "null"
# Neither ETags nor the ids of versions have it.
_FOCUS_FOLLOWS = "@"


def identity_of(version_id: str | None, etag: str, focus: FocalPoint | None = None) -> str:
    """Give the version's id, or ETag and focal point where there is none.

    A bucket that keeps no versions has no ids. The ETag is without its quotes. Two uploads of the same bytes and focal
    point are one there, as their outcome is the same.
    """
    if version_id is not None and not has_no_id(version_id):
        return version_id
    bare = etag.strip('"')
    return f"{bare}{_FOCUS_FOLLOWS}{focus}" if focus else bare


def has_no_id(version_id: str | None) -> bool:
    """Tell whether a version is of a time when its bucket kept none.

    The next that is put at such a time takes its place, and so does a delete marker, or takes that of one.
    """
    return version_id is None or version_id == _NO_VERSION


def is_same_version(one: str | None, other: str | None) -> bool:
    """Tell whether two ids name the same version of a key.

    One without an id is told as `null` by some requests and events, and by others not at all.
    """
    return one == other or (has_no_id(one) and has_no_id(other))


def identity_in_event(identity: str) -> str:
    """Give what an event of that upload has: no focal point."""
    return identity.partition(_FOCUS_FOLLOWS)[0]
