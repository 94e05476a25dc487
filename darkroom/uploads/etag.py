"""Compare a file with an S3 object by ETag."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from contract.focal_point import FocalPoint, focus_in
from contract.object_version import identity_of
from contract.s3_errors import error_code, is_missing

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

# A part has at least 5 MiB, but for the last: docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
# In which files are uploaded here, and by the AWS command line as well. Files up to this size are put at once.
PART_BYTES = 8 * 1024 * 1024

# An answer to HEAD has no body, and so no code but HTTP's.
_DENIED = {"403", "AccessDenied"}
_BLOCK_BYTES = 1024 * 1024


def same_version(s3: "S3Client", bucket: str, key: str, path: Path, focus: FocalPoint | None = None) -> str | None:
    """Find the newest object of a key, if its bytes are the file's.

    It is told as `identity_of` does. Where a focal point is given, its own must be that one.

    None for everything else. What decides is the size and the ETag, which any client's upload has, where checksums are
    of as many kinds as there are clients. In a bucket with SSE-S3, as ours are, an ETag is the MD5 of the bytes, or
    `<MD5>-<parts>` of the MD5s of the parts; S3 is asked for the parts' size where it is not ours. An ETag of another
    kind (with KMS keys, say) equals none made here: in doubt the answer is None, and the file is uploaded.

    Source: docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html,
    docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html (partNumber)

    Raises:
        OSError: the file cannot be read.
        ClientError: S3 refuses for another reason than that the object is not there or not to be seen.
    """
    try:
        found = s3.head_object(Bucket=bucket, Key=key)
        its_focus, _ = focus_in(found.get("Metadata", {}))
        if found["ContentLength"] != path.stat().st_size or (focus and focus != its_focus):
            return None
        etag, which = found["ETag"].strip('"'), found.get("VersionId")
        version = identity_of(which, etag, its_focus)
        if "-" not in etag:
            return version if etag == md5(path) else None
        if etag == multipart_etag(path, PART_BYTES):
            return version
        first = s3.head_object(Bucket=bucket, Key=key, VersionId=which or "null", PartNumber=1)
        return version if etag == multipart_etag(path, max(1, first["ContentLength"])) else None
    except ClientError as error:
        if is_missing(error) or error_code(error) in _DENIED:
            return None
        raise


def md5(path: Path) -> str:
    """Make the ETag of an object that was put at once."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def multipart_etag(path: Path, part_bytes: int) -> str:
    """Make the ETag of an object that was put in parts of one size.

    The last may be shorter.
    """
    digests = []
    with path.open("rb") as file:
        for _ in range(0, path.stat().st_size, part_bytes):
            part, left = hashlib.md5(usedforsecurity=False), part_bytes
            while block := file.read(min(left, _BLOCK_BYTES)):
                part.update(block)
                left -= len(block)
            digests.append(part.digest())
    return f"{hashlib.md5(b''.join(digests), usedforsecurity=False).hexdigest()}-{len(digests)}"
