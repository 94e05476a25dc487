"""Convert TIFF samples to 8-bit bands.

libtiff, by Pillow's decoder of that name, unpacks strips and tiles. It is shown a directory of our own over the same
strips: that of a gray picture, whose samples Pillow has a raw mode for. The rest is done with whole pictures, as
nothing else is quick enough.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence
from math import lcm

from PIL import Image, ImageChops, ImageMath

from contract.errors import Reason
from resize.errors import ImageRejectedError
from resize.imaging.formats.tiff import Compression, Field, Photometric, Tag
from resize.imaging.formats.tiff_raster import Predictor, Raster, SampleFormat, unsupported_tiff
from resize.imaging.geometry import Size
from resize.imaging.pillow.color import in_bytes, to_srgb

_BYTE, _TWO_BYTES = 8, 16
_LEAST_TILE = 16  # TIFF 6.0, section 15
# The types of a number in a directory: LONG, and BigTIFF's LONG8.
_LONG, _LONG8 = 4, 16

# Pillow's mode and raw mode of one sample a pixel: what it has 8 bits for it takes as so many bands of bytes, the last
# of which is the highest, as libtiff gives samples in the machine's order.
_SAMPLE_MODES = {
    (SampleFormat.UNSIGNED, 8): ("L", "L"),
    (SampleFormat.UNSIGNED, 16): ("LA", "LA"),
    (SampleFormat.UNSIGNED, 24): ("RGB", "RGB"),
    (SampleFormat.UNSIGNED, 32): ("RGBA", "RGBA"),
    (SampleFormat.SIGNED, 8): ("I", "I;8S"),
    (SampleFormat.SIGNED, 16): ("I", "I;16NS"),
    (SampleFormat.SIGNED, 32): ("I", "I;32NS"),
    (SampleFormat.FLOAT, 32): ("F", "F;32NF"),
    (SampleFormat.FLOAT, 64): ("F", "F;64NF"),
}
_ACCUMULATED_MODE = ("I", "I;16N")

_MODES = {
    Photometric.WHITE_IS_ZERO: "L",
    Photometric.BLACK_IS_ZERO: "L",
    Photometric.PALETTE: "P",
    Photometric.RGB: "RGB",
    Photometric.CMYK: "CMYK",
    Photometric.CIELAB: "LAB",
}

# At least what an estimate counts for each pixel of a picture that is given.
_BYTES_GIVEN = {"L": 1, "P": 5, "LA": 8, "RGB": 4, "RGBA": 8, "CMYK": 4, "LAB": 4}

# The packings that know what a pixel is: their strips are no mere bytes.
_OF_PIXELS = frozenset({Compression.OLD_JPEG, Compression.JPEG, 32809})

# What a directory of our own takes over from the file's.
_STRIPS = (Tag.STRIP_OFFSETS, Tag.STRIP_BYTE_COUNTS, Tag.TILE_OFFSETS, Tag.TILE_BYTE_COUNTS)
_KEPT = (Tag.COMPRESSION, Tag.FILL_ORDER, Tag.ROWS_PER_STRIP, Tag.TILE_LENGTH, Tag.JPEG_TABLES)

# a* and b* are signed in a file, and from 0 on in Pillow.
_SIGN = [value ^ 128 for value in range(256)]


def mode_of(raster: Raster) -> str:
    """Tell the mode that `picture_of` gives."""
    mode = _MODES[raster.photometric]
    if raster.opacity is None:
        return mode
    return "LA" if mode == "L" else "RGBA"


def applies_profile(raster: Raster) -> bool:
    """Tell whether `picture_of` gives colors that are sRGB's already."""
    return raster.opacity is not None and raster.photometric in (Photometric.CMYK, Photometric.CIELAB)


def check(raster: Raster) -> None:
    """Refuse what `picture_of` cannot read.

    Raises:
        ImageRejectedError: UNSUPPORTED.
    """
    stands_alone = raster.is_planar or raster.samples == 1
    across = 1 if raster.is_planar else raster.samples
    if raster.compression in _OF_PIXELS and (_is_packed(raster) or not stands_alone):
        raise unsupported_tiff(f"{raster.samples} samples in compression {raster.compression}")
    if _is_packed(raster) and raster.is_tiled and raster.columns * across * raster.bits % _BYTE:
        raise unsupported_tiff(f"tiles whose rows of {raster.bits}-bit samples end within a byte")
    if raster.predictor == Predictor.NONE or (stands_alone and not _is_packed(raster)):
        return
    can_be_summed = raster.bits in (_BYTE, _TWO_BYTES) and raster.format is SampleFormat.UNSIGNED
    if raster.is_tiled and raster.columns < _LEAST_TILE:
        raise unsupported_tiff(f"tiles of {raster.columns} columns")
    if raster.predictor != Predictor.HORIZONTAL or not can_be_summed:
        raise unsupported_tiff(f"predictor {raster.predictor} over {raster.samples} samples of {raster.bits} bits")


def held_bytes(raster: Raster) -> int:
    """Tell at most what `picture_of` takes beyond the picture that it gives.

    First the file once more, with a strip and all samples; then samples and bands; then bands and the picture.
    """
    pixels = raster.size.width * raster.size.height
    across = 1 if raster.is_planar else raster.samples
    bands = raster.colors + (raster.opacity is not None)
    is_deep = raster.format is not SampleFormat.UNSIGNED
    of_sample = 1 if raster.bits <= _BYTE or _is_packed(raster) else 4
    if _is_packed(raster):
        taken = across * (2 * raster.bits / _BYTE + 2) + bands
    elif is_deep:
        taken = max(4 * bands + (4 * across if across > 1 else 0), 5 * bands + 4)
    else:
        taken = of_sample * across + bands + (5 * of_sample if _is_accumulated_here(raster) else of_sample - 1)
    made = (bands - 1) * (4 if is_deep else 1) if raster.is_planar else 0
    unpacked = len(raster.directory.source) + raster.strip_bytes + (of_sample * across + made) * pixels
    joined = bands + (5 if applies_profile(raster) else 1)
    given = _BYTES_GIVEN[mode_of(raster)]
    return int(max(unpacked - given * pixels, (taken - given) * pixels, joined * pixels))


def _is_packed(raster: Raster) -> bool:
    return (raster.format, raster.bits) not in _SAMPLE_MODES


def _is_accumulated_here(raster: Raster) -> bool:
    """Tell whether libtiff cannot undo the predictor, as it is shown samples of one kind where there are several."""
    return raster.predictor != Predictor.NONE and raster.samples > 1 and not raster.is_planar


def picture_of(raster: Raster) -> Image.Image:
    """Decode a picture sample by sample: L, LA, RGB, RGBA, P, CMYK or LAB.

    Opacity and four inks or CIELAB go together in no mode of Pillow's: such a picture comes as RGBA, through its
    profile.
    """
    numbers = [*range(raster.colors), *([] if raster.opacity is None else [raster.opacity])]
    bands = _bands(raster, numbers)
    colors, alpha = bands[: raster.colors], bands[raster.colors :]
    if raster.photometric is Photometric.WHITE_IS_ZERO:
        colors = [ImageChops.invert(colors[0])]
    if raster.photometric is Photometric.CIELAB:
        colors = [colors[0], *(color.point(_SIGN) for color in colors[1:])]
    if alpha and raster.is_associated:
        colors = _without_opacity(colors, alpha[0])
    picture = Image.merge("L" if len(colors) == 1 else _MODES[raster.photometric], colors)
    if raster.photometric is Photometric.PALETTE:
        picture = _with_palette(picture, raster.palette)
    return _with_opacity(picture, alpha[0], raster.profile) if alpha else picture


def _with_palette(indexes: Image.Image, palette: bytes) -> Image.Image:
    picture = Image.frombytes("P", indexes.size, indexes.tobytes())
    picture.putpalette(palette)
    return picture


def _with_opacity(picture: Image.Image, alpha: Image.Image, profile: bytes) -> Image.Image:
    if picture.mode in ("CMYK", "LAB"):
        picture = to_srgb(picture, profile)
    elif picture.mode == "P":
        picture = picture.convert("RGB")
    picture.putalpha(alpha)
    return picture


def _without_opacity(colors: Sequence[Image.Image], alpha: Image.Image) -> list[Image.Image]:
    """Take out of colors what they were multiplied with."""
    return [Image.merge("La", (color, alpha)).convert("LA").getchannel("L") for color in colors]


def _bands(raster: Raster, numbers: Sequence[int]) -> list[Image.Image]:
    bands = list(_columns(raster, numbers))
    if raster.format is SampleFormat.UNSIGNED:
        return bands
    colors, alpha = bands[: raster.colors], bands[raster.colors :]
    return [*in_bytes(colors), *(band.point(lambda value: value * 255 + 0.5).convert("L") for band in alpha)]


def _columns(raster: Raster, numbers: Sequence[int]) -> Iterator[Image.Image]:
    """Give some samples of every pixel: of 8 bits, or as I or F where they are signed or floats."""
    if raster.is_planar:
        for number in numbers:
            yield _every(_samples(raster, number), 1, 0, raster.size)
        return
    whole = _samples(raster, None)
    for number in numbers:
        column = _every(whole, raster.samples, number, raster.size)
        yield _accumulated(column, raster.columns) if _is_accumulated_here(raster) else column


def _every(picture: Image.Image, step: int, first: int, size: Size) -> Image.Image:
    """Keep every so many columns; where samples have several bytes, of each the highest."""
    if picture.size != size:
        across = (step, 0, first + 0.5 - step / 2)  # a pixel's center falls on the center of one that is kept
        picture = picture.transform(size, Image.Transform.AFFINE, (*across, 0, 1, 0), Image.Resampling.NEAREST)
    return picture if picture.mode in ("L", "I", "F") else picture.getchannel(picture.getbands()[-1])


def _samples(raster: Raster, plane: int | None) -> Image.Image:
    """Unpack a plane, or the one that there is: a picture with a column for each sample."""
    if _is_packed(raster):
        return _spread(_unpacked(raster, plane, _BYTE), raster)
    samples = _unpacked(raster, plane, raster.bits)
    return samples.point(lambda value: value * 257) if raster.bits == _BYTE and samples.mode == "I" else samples


def _unpacked(raster: Raster, plane: int | None, bits: int) -> Image.Image:
    """Have libtiff unpack strips or tiles as a gray picture of so many bits, in bytes where samples are packed."""
    across = 1 if plane is not None else raster.samples

    def in_samples(columns: int) -> int:
        return columns * across if bits == raster.bits else -(-columns * across * raster.bits // _BYTE)

    width = in_samples(raster.size.width)
    changed: dict[int, int] = {
        Tag.LENGTH: raster.size.height,
        Tag.BITS_PER_SAMPLE: bits,
        Tag.PHOTOMETRIC: Photometric.BLACK_IS_ZERO,
        Tag.SAMPLES_PER_PIXEL: 1,
        Tag.PREDICTOR: Predictor.NONE if across > 1 else raster.predictor,
        Tag.SAMPLE_FORMAT: raster.format,
    }
    if raster.is_tiled:
        changed[Tag.TILE_WIDTH] = in_samples(raster.columns)
        if bits != raster.bits:  # a tile's rows are whole bytes, the picture's are not
            width = -(-raster.size.width // raster.columns) * in_samples(raster.columns)
    source, at = _with_directory(raster, plane, changed | {Tag.WIDTH: width})
    mode, raw = _mode(raster, bits)
    return Image.frombytes(mode, (width, raster.size.height), source, "libtiff", raw, 0, at)


def _mode(raster: Raster, bits: int) -> tuple[str, str]:
    if _is_accumulated_here(raster) and bits == _TWO_BYTES:
        return _ACCUMULATED_MODE
    return _SAMPLE_MODES[raster.format, bits] if bits == raster.bits else ("L", "L")


def _spread(packed: Image.Image, raster: Raster) -> Image.Image:
    """Spread samples that are no whole bytes, highest bit first: each its highest 8 bits, or what it is of white.

    So many samples as begin and end on a byte are a group, and all that have the same place in one are done at once.
    """
    bits = raster.bits
    group_bytes = lcm(bits, _BYTE) // _BYTE
    group_samples = group_bytes * _BYTE // bits
    groups = -(-packed.width // group_bytes)
    rows = packed.crop((0, 0, groups * group_bytes, packed.height)).tobytes()
    samples = bytearray(groups * group_samples * packed.height)
    meaning = _meanings(raster)
    for number in range(group_samples):
        first, shift = divmod(number * bits, _BYTE)
        high = rows[first::group_bytes].translate(bytes(value << shift & 0xFF for value in range(256)))
        if shift + bits > _BYTE and shift:
            low = rows[first + 1 :: group_bytes].translate(bytes(value >> _BYTE - shift for value in range(256)))
            high = (int.from_bytes(high, "big") | int.from_bytes(low, "big")).to_bytes(len(high), "big")
        samples[number::group_samples] = high.translate(meaning)
    return Image.frombytes("L", (groups * group_samples, packed.height), samples)


def _meanings(raster: Raster) -> bytes:
    """Tell what the highest 8 bits from a sample on are: other samples' bits, too, where it has fewer."""
    if raster.bits >= _BYTE:
        return bytes(range(256))
    most = (1 << raster.bits) - 1
    scale = 1 if raster.photometric is Photometric.PALETTE else 255 / most
    return bytes(round((value >> _BYTE - raster.bits) * scale) for value in range(256))


def _accumulated(differences: Image.Image, columns: int) -> Image.Image:
    """Undo the horizontal predictor: a sample is the sum of all before it in its row or tile (TIFF 6.0, section 14)."""
    for left in range(0, differences.width, columns):
        box = (left, 0, min(left + columns, differences.width), differences.height)
        differences.paste(_summed(differences.crop(box)), box)
    if differences.mode == "L":
        return differences
    # Sums of two bytes each, in four little-endian ones: the second is the highest of the sample.
    return Image.frombytes("RGBA", differences.size, differences.tobytes()).getchannel("G")


def _summed(picture: Image.Image) -> Image.Image:
    """Add up columns from the left: with every pass, of each the sum of twice as many."""
    step = 1
    while step < picture.width:
        before = Image.new(picture.mode, picture.size)
        before.paste(picture.crop((0, 0, picture.width - step, picture.height)), (step, 0))
        if picture.mode == "L":
            picture = ImageChops.add_modulo(picture, before)
        else:
            picture = ImageMath.lambda_eval(lambda of: of["a"] + of["b"], a=picture, b=before)
        step *= 2
    return picture


def _with_directory(raster: Raster, plane: int | None, changed: Mapping[int, int]) -> tuple[bytes, int]:
    """Append a directory to a file: what it says of its strips, or of those of a plane, and what is changed."""
    directory = raster.directory
    count, value, kind = ("Q", "Q", _LONG8) if directory.is_big else ("H", "I", _LONG)
    end = "<" if directory.order == "little" else ">"
    fields: dict[int, Field] = {tag: directory.fields[tag] for tag in _KEPT if tag in directory.fields}
    for strips in _STRIPS:
        if field := directory.fields.get(strips):
            fields[strips] = field if plane is None else _of_plane(field, plane, raster.samples)
    entries = []
    width = struct.calcsize(value)
    tags = sorted({*fields, *changed})
    for tag in tags:
        if tag in changed:
            entries.append(struct.pack(end + "HH" + value + value, tag, kind, 1, changed[tag]))
        else:
            field = fields[tag]
            held = (
                directory.source[field.at : field.at + field.length]
                if field.length <= width
                else struct.pack(end + value, field.at)
            )
            entries.append(struct.pack(end + "HH" + value, tag, field.type, field.count) + held.ljust(width, b"\0"))
    filling = bytes(len(directory.source) % 2)  # a directory begins on a word
    begun = struct.pack(end + count, len(tags))
    return b"".join((directory.source, filling, begun, *entries, bytes(width))), len(directory.source) + len(filling)


def _of_plane(field: Field, plane: int, planes: int) -> Field:
    """Take the strips of one plane: those of the first come first."""
    strips = field.count // planes
    if not strips:
        raise ImageRejectedError(Reason.CORRUPT, f"it has {field.count} strips for {planes} planes")
    return Field(type=field.type, count=strips, at=field.at + plane * strips * field.length // field.count)
