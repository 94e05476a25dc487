"""A TIFF or a raw photograph? What their directories tell."""

import struct

import pytest

from contract.errors import Reason
from resize.errors import ImageRejectedError
from resize.imaging.formats.detect import SourceFormat, identify
from resize.imaging.formats.tiff import Tag, first_directory
from support.imaging.tiffs import ASCII, BYTE, LONG, SHORT, picture, tiff

RED = b"\xff\0\0" * 16 * 8
GREY = bytes(16 * 8)
PREVIEW = picture(16, 8, RED, photometric=2, samples=3, t254=[1])
WHOLE = picture(16, 8, RED, photometric=2, samples=3)
SENSOR = picture(16, 8, bytes(16 * 8 * 2), bits=16, photometric=32803)

# A kind of raw file, and a file as its cameras write it.
RAW = {
    "NEF, NRW: a preview, and the sensor below it": tiff({**PREVIEW, 330: (LONG, [SENSOR])}),
    "DNG": tiff({**PREVIEW, 50706: (BYTE, [1, 4, 0, 0]), 330: (LONG, [SENSOR])}),
    "DNG of the sensor alone": tiff({**SENSOR, 50706: (BYTE, [1, 4, 0, 0])}),
    "linear DNG below a picture": tiff({**WHOLE, 330: (LONG, [{**WHOLE, 262: (SHORT, [34892])}])}),
    "ARW, SR2": tiff({**PREVIEW, 330: (LONG, [{**SENSOR, 259: (SHORT, [32767])}])}),
    "SR2's private data": tiff({**WHOLE, 50740: (BYTE, [0, 0, 0, 0])}),
    "PEF": tiff({**SENSOR, 262: (SHORT, [1]), 259: (SHORT, [65535])}),
    "SRW below a picture": tiff({**WHOLE, 330: (LONG, [{**WHOLE, 259: (SHORT, [32770])}])}),
    "DCR": tiff({**WHOLE, 330: (LONG, [{**WHOLE, 259: (SHORT, [65000])}])}),
    "KDC": tiff({**WHOLE, 65024: (LONG, [0])}),
    "3FR, ERF, MEF: the sensor below a picture": tiff({**WHOLE, 330: (LONG, [SENSOR])}),
    "FFF": tiff({**WHOLE, 46275: (BYTE, [0])}),
    "MOS": tiff({**WHOLE, 34310: (BYTE, [0])}),
    "the sensor in the second directory": tiff(WHOLE, SENSOR),
    "TIFF/EP's filter pattern": tiff({**SENSOR, 262: (SHORT, [1]), 33422: (BYTE, [0, 1, 1, 2])}),
    "a preview by the older field": tiff({**WHOLE, 255: (SHORT, [2])}),
    "a preview, big": tiff(PREVIEW, order="MM", big=True),
    "IIQ": b"II*\0\x10\0\0\0IIIIwaR\0" + bytes(40),
    "IIQ, big-endian": b"MM\0*\0\0\0\x10MMMMRaw\0" + bytes(40),
    "CR2": b"II*\0\x10\0\0\0CR\x02\0" + bytes(40),
    "RW2, RWL": b"IIU\0\x18\0\0\0" + bytes(40),
    "ORF": b"IIRO\x08\0\0\0" + bytes(40),
    "ORF, big-endian": b"MMOR\0\0\0\x08" + bytes(40),
}

# What looks like it, and is a picture like any other.
PICTURES = {
    "a camera's TIFF": tiff({**WHOLE, 271: (ASCII, b"NIKON\0"), 272: (ASCII, b"D1X\0")}),
    "overviews": tiff(WHOLE, PREVIEW, PREVIEW),
    "overviews below": tiff({**WHOLE, 330: (LONG, [PREVIEW, PREVIEW])}),
    "a thumbnail in the second directory": tiff({**WHOLE, 254: (LONG, [0])}, PREVIEW),
    "a page of a fax": tiff({**picture(16, 8, bytes(16), bits=1), 254: (LONG, [2])}),
    "a mask after it": tiff(WHOLE, picture(16, 8, bytes(16), bits=1, t254=[4])),
    "a full picture by the older field": tiff({**WHOLE, 255: (SHORT, [1])}),
    "a private field": tiff({**WHOLE, 65000: (BYTE, [1, 2, 3, 4])}),
}


@pytest.mark.parametrize("source", RAW.values(), ids=RAW)
def test_a_raw_photograph_is_of_an_unknown_format(source: bytes) -> None:
    with pytest.raises(ImageRejectedError) as refused:
        identify(source)

    assert refused.value.reason is Reason.UNKNOWN_FORMAT


@pytest.mark.parametrize("source", PICTURES.values(), ids=PICTURES)
def test_a_tiff_that_has_more_than_one_picture_is_no_raw_photograph(source: bytes) -> None:
    assert identify(source) is SourceFormat.TIFF


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("order", ["II", "MM"])
def test_fields_are_read_in_either_byte_order_and_size(order: str, big: bool) -> None:
    directory = first_directory(tiff(WHOLE, order=order, big=big))

    assert directory is not None
    assert [directory.number(tag) for tag in (Tag.WIDTH, Tag.LENGTH, Tag.COMPRESSION)] == [16, 8, 1]
    assert directory.numbers(Tag.BITS_PER_SAMPLE) == (8, 8, 8)
    assert directory.number(Tag.PREDICTOR, 1) == 1


@pytest.mark.parametrize("order", ["II", "MM"])
@pytest.mark.parametrize("at", [0, 1, 7, 9, 2**32 - 1])
def test_a_directory_that_is_not_there_is_none(at: int, order: str) -> None:
    header = order.encode() + struct.pack("<HI" if order == "II" else ">HI", 42, at)

    assert first_directory(header + bytes(2)) is None


def test_directories_that_point_at_each_other_are_read_once() -> None:
    source = bytearray(tiff(WHOLE))
    at = int.from_bytes(source[4:8], "little")
    source[-4:] = at.to_bytes(4, "little")

    assert identify(bytes(source)) is SourceFormat.TIFF
