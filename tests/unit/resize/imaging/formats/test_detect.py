"""Formats: told by the first bytes, from an allow-list, never by a name."""

import pytest

from contract.errors import Reason
from resize.errors import ImageRejectedError
from resize.imaging.formats.detect import SourceFormat, identify
from resize.imaging.variants import Format
from support.imaging.images import encoded, quadrants, sideways_heic


def brand(major: bytes, *compatible: bytes) -> bytes:
    """The box that ISO's image files begin with."""
    body = b"ftyp" + major + bytes(4) + b"".join(compatible)
    return (len(body) + 4).to_bytes(4, "big") + body + b"the rest of the file" * 20


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"])
def test_what_an_encoder_writes_is_known_by_its_bytes(kind: str) -> None:
    assert identify(encoded(quadrants(), kind)) == kind.lower()


def test_a_heic_is_known_by_its_bytes() -> None:
    assert identify(sideways_heic()) is SourceFormat.HEIC


def test_a_lossless_or_extended_webp_is_a_webp() -> None:
    assert identify(encoded(quadrants(), "WEBP", lossless=False)) is SourceFormat.WEBP
    assert identify(encoded(quadrants().convert("RGBA"), "WEBP", icc_profile=b"x" * 200)) is SourceFormat.WEBP


@pytest.mark.parametrize("head", [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"])
def test_a_tiff_may_have_either_byte_order_and_be_a_big_one(head: bytes) -> None:
    assert identify(head + bytes(20)) is SourceFormat.TIFF


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (brand(b"mif1", b"mif1", b"avif", b"miaf"), SourceFormat.AVIF),
        (brand(b"mif1", b"mif1", b"heic"), SourceFormat.HEIC),
        (brand(b"msf1", b"hevc"), SourceFormat.HEIC),
        (brand(b"avis"), SourceFormat.AVIF),
        (brand(b"heix"), SourceFormat.HEIC),
    ],
)
def test_an_iso_file_is_named_by_its_brand_or_else_by_those_it_is_compatible_with(
    source: bytes, expected: SourceFormat
) -> None:
    assert identify(source) is expected


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", id="svg"),
        pytest.param(b"<?xml version='1.0'?><svg/>", id="svg with a declaration"),
        pytest.param(b"%!PS-Adobe-3.0 EPSF-3.0\n", id="eps"),
        pytest.param(b"\xc5\xd0\xd3\xc6" + bytes(30), id="eps with a preview"),
        pytest.param(b"%PDF-1.7\n", id="pdf"),
        pytest.param(b"\0\0\1\0\1\0" + bytes(40), id="ico"),
        pytest.param(b"8BPS\0\1" + bytes(40), id="psd"),
        pytest.param(b"\0\0\0\x0cjP  \r\n\x87\n", id="jpeg 2000"),
        pytest.param(b"P6 1 1 255\n\0\0\0", id="ppm"),
        pytest.param(b"qoif" + bytes(20), id="qoi"),
        pytest.param(b"II*\0\x10\0\0\0CR\x02\0" + bytes(40), id="a raw photograph that begins as a tiff"),
        pytest.param(b"RIFF\x24\0\0\0WAVEfmt ", id="a sound in the container of webp"),
        pytest.param(b"RIFF\x24\0\0\0WEBPJUNK", id="a webp without a picture"),
        pytest.param(brand(b"isom", b"avif"), id="a video"),
        pytest.param(brand(b"mif1", b"jpeg"), id="a heif of another codec"),
        pytest.param(b"BMW is no bitmap, whatever it begins with", id="text that begins as a bitmap"),
        pytest.param(b" \xff\xd8\xff\xe0", id="a jpeg after a space"),
        pytest.param(b"\x89PNG\n\n\x1a\n", id="a png that was sent as text"),
        pytest.param(b"GIF90a", id="a gif of no version"),
        pytest.param(b"B", id="one byte"),
    ],
)
def test_whatever_is_not_on_the_list_is_unknown(source: bytes) -> None:
    with pytest.raises(ImageRejectedError) as refused:
        identify(source)
    assert refused.value.reason is Reason.UNKNOWN_FORMAT


def test_no_bytes_are_empty() -> None:
    with pytest.raises(ImageRejectedError) as refused:
        identify(b"")
    assert refused.value.reason is Reason.EMPTY


def test_the_sources_format_is_kept_where_browsers_show_it() -> None:
    kept = {found.value: found.kept_as for found in SourceFormat}

    assert kept == {
        "jpeg": Format.JPEG,
        "png": Format.PNG,
        "webp": Format.WEBP,
        "gif": Format.GIF,
        "avif": Format.AVIF,
        "tiff": Format.PNG,
        "bmp": Format.PNG,
        "heic": Format.JPEG,
    }
