"""JPEG: a picture with blocks missing is none, whatever marks its end, and what only describes spoils no picture."""

import re
import struct

import pytest
from PIL import Image

from contract.errors import Reason
from resize.errors import ImageRejectedError
from resize.imaging.formats.jpeg_scans import read_scans
from resize.imaging.pillow.jpeg import Pieces
from support.imaging.images import encoded, picture_of, quadrants, rendered

pytestmark = pytest.mark.usefixtures("engine")

END, RESTART = b"\xff\xd9", b"\xff\xd5"
MARKERS = {"the end": END, "another frame": b"\xff\xc0", "a comment": b"\xff\xfe\0\6none", "reserved": b"\xff\x02"}


def noise(mode: str = "RGB") -> Image.Image:
    return Image.merge(mode, [Image.effect_noise((200, 150), 90) for _ in mode])


def of_three_scans(size: tuple[int, int] = (200, 150)) -> bytes:
    """A baseline JPEG with a scan for each component: those of three grey ones, with tables alike (T.81, A.2.2)."""
    greys = [encoded(Image.effect_noise(size, 90), "JPEG") for _ in range(3)]
    scans = [grey[grey.index(b"\xff\xda") : -2] for grey in greys]
    parts = b"".join(bytes((number, 0x11, 0)) for number in (1, 2, 3))
    frame = segment(0xC0, struct.pack(">BHHB", 8, size[1], size[0], 3) + parts)
    before, after = greys[0].split(greys[0][(at := greys[0].index(b"\xff\xc0")) : at + 13])
    tables = before + frame + after[: after.index(b"\xff\xda")]
    return tables + b"".join(scan[:5] + bytes([number]) + scan[6:] for number, scan in enumerate(scans, 1)) + END


def segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


NOISE = encoded(noise(), "JPEG")
PROGRESSIVE = encoded(noise(), "JPEG", progressive=True)
WHOLE = {
    "color": NOISE,
    "grey": encoded(noise("L"), "JPEG"),
    "four inks": encoded(noise("CMYK"), "JPEG"),
    "restarts": encoded(noise(), "JPEG", restart_marker_rows=1),
    "one color": encoded(Image.new("RGB", (200, 150), "teal"), "JPEG"),
    "progressive": PROGRESSIVE,
    "progressive grey": encoded(noise("L"), "JPEG", progressive=True),
    "progressive restarts": encoded(noise(), "JPEG", progressive=True, restart_marker_rows=1),
    "scans of one component": of_three_scans(),
}


def coded(source: bytes) -> list[tuple[int, int]]:
    """Where the data of each scan begins and ends."""
    headers = [found.end() for found in re.finditer(rb"\xff\xda\0.", source)]
    starts = [at + source[at - 1] - 2 for at in headers]
    return [(start, re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]").search(source, start).start()) for start in starts]  # type: ignore[union-attr]


def cut(source: bytes, start: int, end: int) -> bytes:
    """A file without those bytes, nor a half of a stuffed byte."""
    return source[:start].rstrip(b"\xff") + source[end:]


def inserted(source: bytes, marker: bytes) -> bytes:
    """A JPEG with a marker among its pixels, a half of the way."""
    at = len(source) // 2
    while 0xFF in source[at - 1 : at + 1]:
        at += 1
    return source[:at] + marker + source[at:]


def with_frame(marker: int = 0xC0, bits: int = 8, height: int = 150, components: int = 3) -> bytes:
    """A JPEG whose frame's header says so."""
    at = NOISE.index(b"\xff\xc0")
    rest = NOISE[at + 2 + struct.unpack(">H", NOISE[at + 2 : at + 4])[0] :]
    parts = b"".join(bytes((number + 1, 0x11, 0)) for number in range(components))
    return NOISE[:at] + segment(marker, struct.pack(">BHHB", bits, height, 200, components) + parts) + rest


def rejection_of(source: bytes) -> ImageRejectedError:
    with pytest.raises(ImageRejectedError) as rejected:
        rendered(source)
    return rejected.value


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("marker", MARKERS)
def test_a_marker_before_the_last_block_ends_no_picture(name: str, marker: str) -> None:
    assert rejection_of(inserted(WHOLE[name], MARKERS[marker])).reason is Reason.CORRUPT


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
def test_an_end_marker_behind_a_part_of_the_blocks_makes_no_picture(name: str, share: float) -> None:
    source = WHOLE[name]
    pixels = source.index(b"\xff\xda")
    half = source[: pixels + int((len(source) - pixels) * share)].rstrip(b"\xff") + END

    assert rejection_of(half).reason is Reason.CORRUPT


@pytest.mark.parametrize("share", [0.9, 0.97, 0.99])
@pytest.mark.parametrize("name", WHOLE)
def test_the_last_blocks_count_too(name: str, share: float) -> None:
    source = WHOLE[name]
    start, end = coded(source)[-1]

    assert rejection_of(cut(source, start + int((end - start) * share), end)).reason is Reason.CORRUPT


@pytest.mark.parametrize("share", [0, 0.5, 0.9])
@pytest.mark.parametrize("name", [name for name in WHOLE if len(coded(WHOLE[name])) > 1])
def test_each_scan_has_its_last_block(name: str, share: float) -> None:
    source = WHOLE[name]

    reasons = [
        rejection_of(cut(source, start + int((end - start) * share), end)).reason for start, end in coded(source)
    ]

    assert set(reasons) == {Reason.CORRUPT}


@pytest.mark.parametrize("name", ["restarts", "progressive restarts"])
def test_each_restart_interval_is_there_to_its_last_block(name: str) -> None:
    source = WHOLE[name]
    start, end = coded(source)[0]
    restarts = [start + found.start() for found in re.finditer(rb"\xff[\xd0-\xd7]", source[start:end])]
    first, second, ninth = restarts[0], restarts[1], restarts[8]
    damaged = {
        "a half": cut(source, (first + second) // 2, second),
        "one": source[:first] + source[second:],
        "eight": source[:first] + source[ninth:],
    }

    assert {what: rejection_of(damage).reason for what, damage in damaged.items()} == dict.fromkeys(
        damaged, Reason.CORRUPT
    )


@pytest.mark.parametrize("options", [{"restart_marker_blocks": 1}, {"restart_marker_blocks": 7}, {}], ids=str)
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("size", [(1, 1), (17, 9), (33, 40)], ids=str)
@pytest.mark.parametrize("progressive", [False, True])
def test_sizes_that_fill_no_block_are_whole(
    progressive: bool, size: tuple[int, int], subsampling: str, options: dict[str, int]
) -> None:
    picture = noise().resize(size)

    source = encoded(picture, "JPEG", progressive=progressive, subsampling=subsampling, **options)

    assert picture_of(source).size == size


def test_a_restart_more_than_there_are_ends_nothing() -> None:
    source = WHOLE["restarts"]

    assert picture_of(source[:-2] + RESTART + END).tobytes() == picture_of(source).tobytes()


def test_a_scan_of_a_component_that_is_missing_makes_no_picture() -> None:
    source = WHOLE["scans of one component"]

    assert rejection_of(source[: source.rindex(b"\xff\xda")] + END).reason is Reason.CORRUPT


def test_a_restart_where_there_are_none_ends_no_picture() -> None:
    assert rejection_of(inserted(NOISE, RESTART)).reason is Reason.CORRUPT


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("missing", [1, 2])
def test_a_picture_without_its_end_marker_is_whole_with_its_last_block(name: str, missing: int) -> None:
    source = WHOLE[name]

    assert picture_of(source[:-missing]).tobytes() == picture_of(source).tobytes()


@pytest.mark.parametrize("name", ["color", "progressive", "scans of one component"])
@pytest.mark.parametrize("more", [b"and more", NOISE, b"\0" * 9], ids=["text", "a picture", "nothing"])
def test_what_follows_the_end_marker_is_not_read(name: str, more: bytes) -> None:
    assert picture_of(WHOLE[name] + more).tobytes() == picture_of(WHOLE[name]).tobytes()


@pytest.mark.parametrize("name", ["color", "progressive"])
def test_bytes_that_mean_nothing_between_segments_cost_nothing(name: str) -> None:
    source = WHOLE[name]
    at = source.index(b"\xff\xdb")

    assert picture_of(source[:at] + b"nothing" + source[at:]).tobytes() == picture_of(source).tobytes()
    assert picture_of(source[:-2] + b"nothing" + END).tobytes() == picture_of(source).tobytes()


@pytest.mark.parametrize("name", WHOLE)
def test_only_what_comes_before_the_pixels_is_copied(name: str) -> None:
    source = WHOLE[name]

    assert {id(scan.piece.obj) for scan in read_scans(source).kept} == {id(source)}


def test_pieces_read_as_one_file() -> None:
    whole = read_scans(PROGRESSIVE).to_bytes()
    file = Pieces(read_scans(PROGRESSIVE))

    assert [file.read(2), file.read(900), file.read(0), file.read(), file.read(1)] == [
        whole[:2],
        whole[2:902],
        b"",
        whole[902:],
        b"",
    ]
    assert (file.seek(-3, 2), file.read(1), file.seek(-1, 1)) == (len(whole) - 3, whole[-3:-2], len(whole) - 3)
    assert (file.tell(), file.read(9)) == (len(whole) - 3, whole[-3:])


@pytest.mark.parametrize(
    "described",
    [
        pytest.param(segment(0xE0, b""), id="an empty JFIF"),
        pytest.param(segment(0xE0, b"JFIF\0\1"), id="a short JFIF"),
        pytest.param(segment(0xEE, b"Adobe\0"), id="a short Adobe"),
        pytest.param(segment(0xE2, b"ICC_PROFILE\0"), id="an ICC profile without a number"),
        pytest.param(segment(0xE2, b"ICC_PROFILE\0\1\1short"), id="a short ICC profile"),
        pytest.param(segment(0xED, b"Photoshop 3.0\08BIM\4\4"), id="a short block of Photoshop's"),
        pytest.param(segment(0xE1, b"Exif\0\0II"), id="a short EXIF"),
    ],
)
@pytest.mark.parametrize("progressive", [False, True])
def test_a_segment_that_describes_in_too_few_bytes_is_skipped(described: bytes, progressive: bool) -> None:
    source = encoded(quadrants(), "JPEG", progressive=progressive)

    assert picture_of(source[:2] + described + source[2:]).tobytes() == picture_of(source).tobytes()


@pytest.mark.parametrize(
    ("source", "what"),
    [
        (with_frame(components=2), "a JPEG of 2 components"),
        (with_frame(components=5), "a JPEG of 5 components"),
        (with_frame(bits=12), "a JPEG of 12 bits"),
        (with_frame(height=0), "a JPEG that tells its height behind its pixels"),
        (with_frame(marker=0xC3), "a JPEG of the kind SOF3, lossless or hierarchical,"),
        (with_frame(marker=0xC5), "a JPEG of the kind SOF5, lossless or hierarchical,"),
    ],
)
def test_a_kind_that_no_browser_shows_is_unsupported(source: bytes, what: str) -> None:
    rejected = rejection_of(source)

    assert (rejected.reason, rejected.detail) == (Reason.UNSUPPORTED, f"{what} is not read")


def test_a_frame_of_impossible_bits_is_corrupt() -> None:
    assert rejection_of(with_frame(bits=74)).reason is Reason.CORRUPT
