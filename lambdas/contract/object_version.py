"""Tell one upload of a key from another, with versions or without."""

# What S3 calls the version of an object that was put while its bucket kept none:
# docs.aws.amazon.com/AmazonS3/latest/userguide/AddingObjectstoVersionSuspendedBuckets.html
_NO_VERSION = "null"


def identity_of(version_id: str | None, etag: str) -> str:
    """Give the version's id, or the ETag where the bucket keeps no versions.

    The ETag is without its quotes. Two uploads of the same bytes are one there, as their outcome is the same.
    """
    return etag.strip('"') if version_id is None or version_id == _NO_VERSION else version_id


def has_no_id(version_id: str | None) -> bool:
    """Tell whether a version is of a time when its bucket kept none.

    The next that is put at such a time takes its place, and so does a delete marker, or takes that of one.
    """
    return version_id is None or version_id == _NO_VERSION
