"""Stream a browser's upload to S3, at most two parts in memory."""

from collections.abc import AsyncIterator
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from darkroom.console.threads import in_background
from darkroom.errors import aws_errors
from darkroom.uploads.etag import PART_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef, UploadPartOutputTypeDef

_Result = TypeVar("_Result")


class TooLargeError(Exception):
    """More bytes came than an image may have."""


async def receive(body: AsyncIterator[bytes], *, s3: "S3Client", bucket: str, key: str, limit: int) -> str:
    """Store a body as an object of at most `limit` bytes, and return its version id. What fails leaves nothing behind.

    Raises:
        TooLargeError: it is larger.
        DarkroomError: S3 refused it.
    """
    parts = _parts(body, limit)
    first = await anext(parts, b"")
    second = await anext(parts, None)
    if second is None:
        answer = await _asked(key, partial(s3.put_object, Bucket=bucket, Key=key, Body=first))
        return answer["VersionId"]
    upload = (await _asked(key, partial(s3.create_multipart_upload, Bucket=bucket, Key=key)))["UploadId"]
    send = partial(s3.upload_part, Bucket=bucket, Key=key, UploadId=upload)
    try:
        done = [await _part(key, send, 1, first), await _part(key, send, 2, second)]
        async for part in parts:
            done.append(await _part(key, send, len(done) + 1, part))
        complete = partial(
            s3.complete_multipart_upload, Bucket=bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": done}
        )
        return (await _asked(key, complete))["VersionId"]
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
        return await in_background(request)


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
