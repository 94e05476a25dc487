"""Builders of hostile images: small files that ask for much, lie, or pretend to be something else."""

import io
import struct
import tarfile
import zipfile
import zlib

from PIL import Image

from support.imaging.images import encoded

_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"


def png(
    width: int,
    height: int,
    *chunks: tuple[bytes, bytes],
    color_type: int = 2,
    bits: int = 8,
    interlaced: bool = False,
) -> bytes:
    """A whole PNG, black: its color type and bits are those of its header (ISO/IEC 15948); chunks follow it."""
    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color_type]
    passes = _adam7(width, height) if interlaced else [(width, height)]
    header = struct.pack(">IIBBBBB", width, height, bits, color_type, 0, 0, interlaced)
    palette = _png_chunk(b"PLTE", bytes(768)) if color_type == 3 else b""
    deflate = zlib.compressobj(9)
    data = b"".join(
        deflate.compress(bytes(1 + (columns * samples * bits + 7) // 8))
        for columns, rows in passes
        for _ in range(rows)
    )
    data += deflate.flush()
    described = b"".join(_png_chunk(*chunk) for chunk in chunks) + palette
    return _PNG_MAGIC + _png_chunk(b"IHDR", header) + described + _png_chunk(b"IDAT", data) + _png_chunk(b"IEND", b"")


def png_that_promises(width: int, height: int) -> bytes:
    """A PNG of so many pixels by its header, and of none by its data."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return _PNG_MAGIC + _png_chunk(b"IHDR", header) + _png_chunk(b"IDAT", zlib.compress(b"")) + _png_chunk(b"IEND", b"")


def png_with_text_bomb(megabytes: int) -> bytes:
    """A good PNG with a comment (zTXt) that inflates to so much."""
    return _png_with(_png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(megabytes * 1_000_000), 9)))


def png_with_profile_bomb(megabytes: int) -> bytes:
    """A good PNG with a color profile (iCCP) that inflates to so much."""
    return _png_with(_png_chunk(b"iCCP", b"profile\0\0" + zlib.compress(bytes(megabytes * 1_000_000), 9)))


def png_of_chunks(count: int) -> bytes:
    """A good PNG with so many empty chunks that no decoder knows."""
    return _png_with(_png_chunk(b"juNk", b"") * count)


def animated_png(frames: int, width: int = 64, height: int = 48) -> bytes:
    """An animated PNG of that size, each of its frames but the first a pixel in the corner."""
    whole, dot = png(width, height), zlib.compress(bytes(4))
    start, end = whole.index(b"IDAT") - 4, whole.index(b"IEND") - 4
    parts = [whole[:start], _png_chunk(b"acTL", struct.pack(">II", frames, 0)), _png_frame(0, width, height)]
    parts += [whole[start:end]]
    for number in range(1, 2 * frames - 1, 2):
        parts += [_png_frame(number, 1, 1), _png_chunk(b"fdAT", struct.pack(">I", number + 1) + dot)]
    return b"".join([*parts, whole[end:]])


def _png_frame(number: int, width: int, height: int) -> bytes:
    return _png_chunk(b"fcTL", struct.pack(">IIIIIHHBB", number, width, height, 0, 0, 1, 10, 0, 0))


def webp_of_34_bytes(width: int, height: int) -> bytes:
    """A lossless WebP of one color: five codes of one symbol each, so no bits a pixel (RFC 9649, 3.7.2)."""
    size = (width - 1) | (height - 1) << 14
    stream = b"\x2f" + struct.pack("<I", size) + bytes.fromhex("888808") + bytes(6)
    return _riff(b"VP8L", stream)


def webp_that_promises(width: int, height: int) -> bytes:
    """A WebP whose canvas is so large, without any frame."""
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return _riff(b"VP8X", b"\x10\0\0\0" + canvas)


def jpeg_of_scans(scans: int, width: int = 64, height: int = 48) -> bytes:
    """A grey JPEG that ends with so many more scans, each of which says of all blocks that they stay as they are.

    One code of a Huffman table made for it, EOB14, speaks of 32,767 blocks at once (ITU-T T.81, G.1.2.2).
    """
    whole = encoded(Image.new("L", (width, height), 128), "JPEG", progressive=True)
    table = _jpeg_segment(0xC4, b"\x10\x01" + bytes(15) + b"\xe0")
    runs = -(-(-(-width // 8) * -(-height // 8)) // 32_767)
    bits = "011111111111111" * runs
    padded = bits.ljust(-(-len(bits) // 8) * 8, "1")
    data = int(padded, 2).to_bytes(len(padded) // 8, "big").replace(b"\xff", b"\xff\0")
    scan = _jpeg_segment(0xDA, b"\x01\x01\x00\x01\x3f\x00") + data
    return whole.removesuffix(b"\xff\xd9") + table + scan * scans + b"\xff\xd9"


def jpeg_that_says(height: int) -> bytes:
    """A JPEG of 64 x 48 whose header claims another height."""
    whole = bytearray(encoded(Image.new("RGB", (64, 48), "teal"), "JPEG"))
    frame = whole.index(b"\xff\xc0")
    whole[frame + 5 : frame + 7] = struct.pack(">H", height)
    return bytes(whole)


def gif(frames: int = 1, width: int = 64, height: int = 48) -> bytes:
    """A GIF with a screen of that size, each of its frames a single pixel in the corner (GIF89a, 18 to 22)."""
    screen = b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\0\0" + b"\0\x80\x80\xff\xff\xff"
    frame = b"!\xf9\x04\0\x0a\0\0\0" + b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\0"
    return screen + frame * frames + b";"


def tiff(width: int, height: int) -> bytes:
    """A TIFF of black pixels (RGB), deflated as one strip (TIFF 6.0; Adobe's technical note 3)."""
    deflate = zlib.compressobj(9)
    strip = b"".join(deflate.compress(bytes(width * 3)) for _ in range(height)) + deflate.flush()
    return _tiff(width, height, strip)


def tiff_that_promises(width: int, height: int) -> bytes:
    """A TIFF of so many pixels by its tags, and of none by its strip."""
    return _tiff(width, height, zlib.compress(b""))


def bmp_that_promises(width: int, height: int) -> bytes:
    """A BMP of so many pixels by its header, and of none by its data."""
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + header


def zip_of(content: bytes) -> bytes:
    """A ZIP archive with one file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("photo.jpg", content)
    return file.getvalue()


def tar_of(content: bytes) -> bytes:
    """A TAR archive with one file."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        described = tarfile.TarInfo("photo.jpg")
        described.size = len(content)
        archive.addfile(described, io.BytesIO(content))
    return file.getvalue()


def _tiff(width: int, height: int, strip: bytes) -> bytes:
    tags = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, 8), (262, 3, 1, 2)]
    tags += [(273, 4, 1, 8), (277, 3, 1, 3), (278, 4, 1, height), (279, 4, 1, len(strip))]
    bits_at = 8 + len(strip)
    tags[2] = (258, 3, 3, bits_at)
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags) + bytes(4)
    return b"II*\0" + struct.pack("<I", bits_at + 6) + strip + struct.pack("<3H", 8, 8, 8) + directory


def _jpeg_segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", 2 + len(body)) + body


def _adam7(width: int, height: int) -> list[tuple[int, int]]:
    """Columns and rows of each pass that has any (ISO/IEC 15948, 8.2)."""
    starts_and_steps = [
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ]
    passes = [(-(-(width - x) // dx), -(-(height - y) // dy)) for x, y, dx, dy in starts_and_steps]
    return [(columns, rows) for columns, rows in passes if columns > 0 and rows > 0]


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _png_with(chunk: bytes) -> bytes:
    whole = encoded(Image.new("RGB", (64, 48), "teal"), "PNG")
    after_header = len(_PNG_MAGIC) + 25
    return whole[:after_header] + chunk + whole[after_header:]


def _riff(kind: bytes, body: bytes) -> bytes:
    padded = body + bytes(len(body) % 2)
    return b"RIFF" + struct.pack("<I", 4 + 8 + len(padded)) + b"WEBP" + kind + struct.pack("<I", len(body)) + padded
