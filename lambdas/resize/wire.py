"""What the sandbox's two ends say to each other: frames of bytes, read without trust."""

import json
import struct
from collections.abc import Sequence
from dataclasses import asdict
from typing import IO, Any

from resize.errors import ImageRejectedError, Reason
from resize.renditions import Rendered, Rendition
from resize.settings import Limits
from resize.variants import Format, Variant, parse_variants, variants_to_json

_LENGTH = struct.Struct(">Q")

# Far above any batch of renditions that the limits on images allow, and far below what would hurt the parent.
MAX_FRAME_BYTES = 512 * 1024 * 1024


class WireError(Exception):
    """The other end sent something that is no frame, or no message."""


class WireEndedError(WireError):
    """The other end has closed the stream: it is done, or dead."""


def write_frame(stream: IO[bytes], body: bytes) -> None:
    """Send one frame: its length, then its bytes."""
    stream.write(_LENGTH.pack(len(body)))
    stream.write(body)
    stream.flush()


def read_frame(stream: IO[bytes]) -> bytes:
    """Receive one frame.

    Raises:
        WireEndedError: the stream ended before the frame did.
        WireError: the frame is longer than MAX_FRAME_BYTES.
    """
    (length,) = _LENGTH.unpack(_read_exactly(stream, _LENGTH.size))
    if length > MAX_FRAME_BYTES:
        raise WireError(f"a frame of {length} bytes")
    return _read_exactly(stream, length)


def _read_exactly(stream: IO[bytes], length: int) -> bytes:
    body = stream.read(length)
    if len(body) != length:
        raise WireEndedError(f"the stream ended after {len(body)} of {length} bytes")
    return body


def encode_task(variants: Sequence[Variant], limits: Limits) -> bytes:
    """Write what every image of this function becomes."""
    return json.dumps({"variants": variants_to_json(tuple(variants)), "limits": asdict(limits)}).encode()


def decode_task(frame: bytes) -> tuple[tuple[Variant, ...], Limits]:
    """Read what `encode_task` wrote."""
    task = json.loads(frame)
    return parse_variants(task["variants"]), Limits(**task["limits"])


def write_rendered(stream: IO[bytes], rendered: Rendered) -> None:
    """Send what an image became: a head that describes it, then the bytes of each rendition."""
    described = asdict(rendered)
    for rendition in described["renditions"]:
        del rendition["body"]
    write_frame(stream, json.dumps({"rendered": described}).encode())
    for rendition in rendered.renditions:
        write_frame(stream, rendition.body)


def write_rejected(stream: IO[bytes], fault: ImageRejectedError) -> None:
    """Send why an image was rejected."""
    write_frame(stream, json.dumps({"rejected": {"reason": fault.reason, "detail": fault.detail}}).encode())


def read_answer(stream: IO[bytes]) -> Rendered:
    """Receive what an image became.

    Raises:
        ImageRejectedError: it became nothing, as the other end tells.
        WireEndedError: the other end has died.
        WireError: it tells nonsense.
    """
    head = read_frame(stream)
    try:
        answer = json.loads(head)
        if "rejected" in answer:
            raise ImageRejectedError(Reason(answer["rejected"]["reason"]), str(answer["rejected"]["detail"]))
        return _read_rendered(stream, answer["rendered"])
    except (ValueError, KeyError, TypeError) as error:
        raise WireError(f"an answer that makes no sense: {type(error).__name__}") from error


def _read_rendered(stream: IO[bytes], described: dict[str, Any]) -> Rendered:
    return Rendered(
        format=str(described["format"]),
        width=int(described["width"]),
        height=int(described["height"]),
        frames=int(described["frames"]),
        dominant_colour=str(described["dominant_colour"]),
        thumbhash=str(described["thumbhash"]),
        renditions=tuple(
            Rendition(
                variant=str(rendition["variant"]),
                format=Format(rendition["format"]),
                width=int(rendition["width"]),
                height=int(rendition["height"]),
                frames=int(rendition["frames"]),
                body=read_frame(stream),
            )
            for rendition in described["renditions"]
        ),
    )
