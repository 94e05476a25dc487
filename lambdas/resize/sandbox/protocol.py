"""Messages between the sandbox and its worker, read without trust."""

import json
import re
import struct
from collections.abc import Sequence
from dataclasses import asdict
from typing import IO, Any

from contract.errors import Reason
from contract.focal_point import FocalPoint
from resize.errors import ImageRejectedError
from resize.imaging.formats.detect import SourceFormat
from resize.imaging.limits import Limits
from resize.imaging.rendition import Rendered, Rendition
from resize.imaging.variants import Format, Variant, parse_variants, variants_to_json

_LENGTH = struct.Struct(">Q")

# What a child says once it can take images.
READY = b"ready"
# Of what an image became, without the renditions themselves: some 200 bytes, and a hundred for each variant, of which
# the function's environment, 4 KB, has room for less than a hundred.
_HEAD_BYTES = 64 * 1024

# What stands in a manifest, and so on other people's pages: docs/manifest.schema.json.
_COLOR = re.compile(r"#[0-9a-f]{6}")
_THUMBHASH = re.compile(r"[A-Za-z0-9+/]{1,100}={0,2}")
_DETAIL = re.compile(r"[ -~]{0,500}")
# Whether a source lies in an archive is for S3 to say, and keeps what was made of it before.
_REASONS = frozenset(Reason) - {Reason.ARCHIVED}


class ProtocolError(Exception):
    """The other end sent something that is no frame, or no message."""


class StreamEndedError(ProtocolError):
    """The other end has closed the stream: it is done, or dead."""


def write_message(stream: IO[bytes], body: bytes) -> None:
    """Send one frame: its length, then its bytes."""
    stream.write(_LENGTH.pack(len(body)))
    stream.write(body)
    stream.flush()


def read_message(stream: IO[bytes], most_bytes: int | None = None) -> bytes:
    """Receive one frame; whoever does not trust the other end says how long it may be.

    Raises:
        StreamEndedError: the stream ended before the frame did.
        ProtocolError: the frame is longer than that.
    """
    (length,) = _LENGTH.unpack(_read_exactly(stream, _LENGTH.size))
    if most_bytes is not None and length > most_bytes:
        raise ProtocolError(f"a frame of {length} bytes, where at most {most_bytes} are left")
    return _read_exactly(stream, length)


def _read_exactly(stream: IO[bytes], length: int) -> bytes:
    body = stream.read(length)
    if len(body) != length:
        raise StreamEndedError(f"the stream ended after {len(body)} of {length} bytes")
    return body


def encode_task(variants: Sequence[Variant], limits: Limits, focus: FocalPoint | None = None) -> bytes:
    """Write what an image is to become."""
    task = {"variants": variants_to_json(tuple(variants)), "limits": asdict(limits)}
    return json.dumps(task | ({"focus": asdict(focus)} if focus else {})).encode()


def decode_task(frame: bytes) -> tuple[tuple[Variant, ...], Limits, FocalPoint | None]:
    """Read what `encode_task` wrote."""
    task = json.loads(frame)
    focus = FocalPoint.of(task["focus"]) if "focus" in task else None
    return parse_variants(task["variants"], may_be_empty=True), Limits(**task["limits"]), focus


def write_rendered(stream: IO[bytes], rendered: Rendered) -> None:
    """Send what an image became.

    A head that describes it, then the bytes of each rendition.
    """
    described = asdict(rendered)
    for rendition in described["renditions"]:
        del rendition["body"]
    write_message(stream, json.dumps({"rendered": described}).encode())
    for rendition in rendered.renditions:
        write_message(stream, rendition.body)


def write_rejected(stream: IO[bytes], fault: ImageRejectedError) -> None:
    """Send why an image was rejected."""
    write_message(stream, json.dumps({"rejected": {"reason": fault.reason, "detail": fault.detail}}).encode())


def read_answer(stream: IO[bytes], variants: Sequence[Variant], most_bytes: int) -> Rendered:
    """Receive what an image became.

    A rendition of each variant, all of them together no longer than `most_bytes`.

    Raises:
        ImageRejectedError: it became nothing, as the other end tells.
        StreamEndedError: the other end has died.
        ProtocolError: it tells nonsense, or too much.
    """
    head = read_message(stream, _HEAD_BYTES)
    try:
        answer = json.loads(head)
        if "rejected" in answer:
            raise _read_rejected(answer["rejected"])
        return _read_rendered(stream, answer["rendered"], variants, most_bytes)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise ProtocolError(f"an answer that makes no sense: {type(error).__name__}") from error


def _read_rejected(described: dict[str, Any]) -> ImageRejectedError:
    reason = Reason(described["reason"])
    if reason not in _REASONS:
        raise ProtocolError(f"a reason that is not an image's: {reason}")
    return ImageRejectedError(reason, _text(described["detail"], _DETAIL))


def _read_rendered(
    stream: IO[bytes], described: dict[str, Any], variants: Sequence[Variant], most_bytes: int
) -> Rendered:
    renditions: list[Rendition] = []
    # A variant's name is a part of the key that is written: one that is not configured is someone else's.
    for variant, rendition in zip(variants, described["renditions"], strict=True):
        if rendition["variant"] != variant.name or rendition["format"] not in variant.outputs:
            raise ProtocolError(f"no rendition of the variant {variant.name!r}")
        body = read_message(stream, most_bytes)
        most_bytes -= len(body)
        renditions.append(
            Rendition(
                variant=variant.name,
                format=Format(rendition["format"]),
                width=_count(rendition["width"]),
                height=_count(rendition["height"]),
                frames=_count(rendition["frames"]),
                body=body,
                slot=variant.slot,
            )
        )
    return Rendered(
        format=SourceFormat(described["format"]).value,
        width=_count(described["width"]),
        height=_count(described["height"]),
        frames=_count(described["frames"]),
        dominant_colour=_color(described["dominant_colour"]),
        thumbhash=_text(described["thumbhash"], _THUMBHASH),
        renditions=tuple(renditions),
    )


def _count(value: object) -> int:
    if type(value) is not int or value < 1:
        raise ProtocolError("a size or a number of frames that makes no sense")
    return value


def _color(value: object) -> str | None:
    return None if value is None else _text(value, _COLOR)


def _text(value: object, allowed: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not allowed.fullmatch(value):
        raise ProtocolError("a text that no image's answer has")
    return value
