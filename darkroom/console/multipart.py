"""Stream a browser's upload to S3, at most two parts in memory."""

from collections.abc import AsyncIterator
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from botocore.exceptions import ClientError

from contract.object_version import identity_of
from contract.s3_errors import error_code
from darkroom.background import in_background
from darkroom.errors import aws_errors
from darkroom.uploads.etag import PART_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef, UploadPartOutputTypeDef

_Result = TypeVar("_Result")

# There is an object, or another write of the key was under way at the same time:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
_TAKEN: Final = {"PreconditionFailed", "ConditionalRequestConflict"}


class TooLargeError(Exception):
    """More bytes came than an image may have."""


class KeyTakenError(Exception):
    """There is an object of this key, and nothing is ever written over one."""


async def receive(body: AsyncIterator[bytes], *, s3: "S3Client", bucket: str, key: str, limit: int) -> str:
    """Store a body as an object of at most `limit` bytes, and tell which it is.

    What fails leaves nothing behind. Returns what tells it from other uploads of the key: `identity_of`.

    Raises:
        TooLargeError: it is larger.
        KeyTakenError: the key has an object already, which stays as it is.
        DarkroomError: S3 refused it.
    """
    parts = _parts(body, limit)
    first = await anext(parts, b"")
    second = await anext(parts, None)
    if second is None:
        answer = await _asked(key, partial(s3.put_object, Bucket=bucket, Key=key, Body=first, IfNoneMatch="*"))
        return identity_of(answer.get("VersionId"), answer["ETag"])
    upload = (await _asked(key, partial(s3.create_multipart_upload, Bucket=bucket, Key=key)))["UploadId"]
    send = partial(s3.upload_part, Bucket=bucket, Key=key, UploadId=upload)
    try:
        done = [await _part(key, send, 1, first), await _part(key, send, 2, second)]
        async for part in parts:
            done.append(await _part(key, send, len(done) + 1, part))
        complete = partial(
            s3.complete_multipart_upload,
            Bucket=bucket,
            Key=key,
            UploadId=upload,
            MultipartUpload={"Parts": done},
            IfNoneMatch="*",
        )
        completed = await _asked(key, complete)
        return identity_of(completed.get("VersionId"), completed["ETag"])
    except Exception:
        # Where even this does not come about, the bucket's own rule clears the parts away after a day.
        await _asked(key, partial(s3.abort_multipart_upload, Bucket=bucket, Key=key, UploadId=upload))
        raise


async def _part(
    key: str, send: "Callable[..., UploadPartOutputTypeDef]", number: int, body: bytes
) -> "CompletedPartTypeDef":
    answer = await _asked(key, partial(send, PartNumber=number, Body=body))
    return {"ETag": answer["ETag"], "PartNumber": number}


async def _asked(key: str, request: "Callable[[], _Result]") -> _Result:
    with aws_errors(f"Uploading {key!r}"):
        try:
            return await in_background(request)
        except ClientError as error:
            if error_code(error) in _TAKEN:
                raise KeyTakenError(key) from error
            raise


async def _parts(body: AsyncIterator[bytes], limit: int) -> AsyncIterator[bytes]:
    """Gather the pieces that arrive into parts of one size, but for the last."""
    part = bytearray()
    total = 0
    async for piece in body:
        total += len(piece)
        if total > limit:
            raise TooLargeError
        part += piece
        while len(part) >= PART_BYTES:
            yield bytes(part[:PART_BYTES])
            del part[:PART_BYTES]
    if part:
        yield bytes(part)
