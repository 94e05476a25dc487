"""Serve sources and renditions to the page, without S3 addresses."""

from collections.abc import AsyncIterator
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from contract.manifest import PublishedRendition
from contract.s3_errors import is_missing
from darkroom.background import in_background
from darkroom.errors import aws_errors
from resize.errors import ImageRejectedError
from resize.imaging.formats.detect import SourceFormat, identify

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.response import StreamingBody
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

    from contract.events import ObjectEvent

# What browsers show. TIFF and HEIC are none of it: https://developer.mozilla.org/docs/Web/Media/Guides/Formats/Image_types
_SHOWABLE: Final = {
    form: f"image/{form.value}"
    for form in (
        SourceFormat.JPEG,
        SourceFormat.PNG,
        SourceFormat.WEBP,
        SourceFormat.GIF,
        SourceFormat.BMP,
        SourceFormat.AVIF,
    )
}

# Even if somebody opens it as a page of its own, nothing in it runs.
_HEADERS: Final = {"Content-Security-Policy": "default-src 'none'; sandbox", "Content-Disposition": "inline"}
_KEPT: Final = {"Cache-Control": "private, max-age=3600, immutable"}

_HEADER_BYTES = 512
_PIECE_BYTES = 1024 * 1024
_REPLACED: Final = "PreconditionFailed"


async def rendition(s3: "S3Client", bucket: str, shown: PublishedRendition) -> Response:
    """Answer with the very bytes that a manifest tells of.

    Raises:
        HTTPException: they were replaced, or removed.
        DarkroomError: S3 does not answer.
    """
    answer = await _get(partial(s3.get_object, Bucket=bucket, Key=shown.key, IfMatch=f'"{shown.etag}"'))
    return await _image(answer, _KEPT)


async def original(s3: "S3Client", bucket: str, upload: "ObjectEvent", limit: int) -> Response:
    """Answer with what was uploaded.

    It must be an image of a kind that a browser shows.

    Raises:
        HTTPException: it is gone, larger than `limit` bytes, or no such image.
        DarkroomError: S3 does not answer.
    """
    get = partial(s3.get_object, Bucket=bucket, Key=upload.key)
    answer = await _get(partial(get, VersionId=upload.version_id) if upload.version_id else get)
    if answer["ContentLength"] > limit:
        answer["Body"].close()
        raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "It is larger than an image may be.")
    return await _image(answer, {})


async def _get(ask: "Callable[[], GetObjectOutputTypeDef]") -> "GetObjectOutputTypeDef":
    with aws_errors("Reading a picture"):
        try:
            return await in_background(ask)
        except ClientError as error:
            if not is_missing(error) and error.response["Error"]["Code"] != _REPLACED:
                raise
            raise HTTPException(HTTPStatus.NOT_FOUND, "It was replaced or removed.") from error


async def _image(answer: "GetObjectOutputTypeDef", headers: dict[str, str]) -> Response:
    """Tell the type from the bytes alone: whatever S3 was told of it, a page or a script is never served."""
    body = answer["Body"]
    with aws_errors("Reading a picture"):
        start = await in_background(partial(body.read, _HEADER_BYTES))
    try:
        content_type = _SHOWABLE[identify(start)]
    except (ImageRejectedError, KeyError):
        body.close()
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "No image that a browser shows.") from None
    length = {"Content-Length": str(answer["ContentLength"])}
    return StreamingResponse(_pieces(start, body), media_type=content_type, headers=_HEADERS | headers | length)


async def _pieces(start: bytes, body: "StreamingBody") -> AsyncIterator[bytes]:
    try:
        piece = start
        while piece:
            yield piece
            piece = await in_background(partial(body.read, _PIECE_BYTES))
    finally:
        body.close()
