"""Sample layout of a TIFF, and what is unsupported."""

from dataclasses import dataclass
from enum import IntEnum

from contract.errors import Reason
from resize.errors import ImageRejectedError
from resize.imaging.formats.tiff import CCITT, MOST_SAMPLES, Compression, Directory, Photometric, Tag, first_directory
from resize.imaging.geometry import Size


class SampleFormat(IntEnum):
    """How a sample's bits are a number (TIFF 6.0, section 19)."""

    UNSIGNED = 1
    SIGNED = 2
    FLOAT = 3
    UNDEFINED = 4


class Opacity(IntEnum):
    """What an extra sample is (TIFF 6.0, ExtraSamples).

    Colors are multiplied with an associated one.
    """

    UNSPECIFIED = 0
    ASSOCIATED = 1
    UNASSOCIATED = 2
    CORELDRAW = 999  # unassociated


class Predictor(IntEnum):
    """What was done to samples before they were packed.

    See TIFF 6.0, section 14, and Adobe's technical note 3.
    """

    NONE = 1
    HORIZONTAL = 2
    FLOAT = 3


# What libtiff as Pillow ships it unpacks: plain, CCITT, LZW, JPEG, deflate, PackBits, ThunderScan, LZMA, Zstandard.
_COMPRESSIONS = CCITT | {1, 5, 6, 7, 8, 32773, 32809, 32946, 34925, 50000}

_COLORS = {
    Photometric.WHITE_IS_ZERO: 1,
    Photometric.BLACK_IS_ZERO: 1,
    Photometric.RGB: 3,
    Photometric.PALETTE: 1,
    Photometric.CMYK: 4,
    Photometric.YCBCR: 3,
    Photometric.CIELAB: 3,
}

# The depths of each kind of number.
_BITS = {
    SampleFormat.UNSIGNED: frozenset({*range(1, 17), 24, 32}),
    SampleFormat.SIGNED: frozenset({8, 16, 32}),
    SampleFormat.FLOAT: frozenset({32, 64}),
}
_BYTE = 8

# The packings that come with a predictor; in others libtiff does not look at that field.
_PREDICTED = frozenset({5, 8, 32946, 34925, 50000})

_OPACITIES = frozenset({Opacity.ASSOCIATED, Opacity.UNASSOCIATED, Opacity.CORELDRAW})

_PLANAR = 2

# Fields that libtiff reads too: of another type it may see another number than is seen here.
_NUMBERS = frozenset(Tag) - {Tag.ICC_PROFILE, Tag.JPEG_TABLES}

# A color map counts in 16 bits; there are some that count in 8.
_LEAST_OF_16_BITS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Raster:
    """The numbers of a picture.

    `samples` of each pixel, the first of them its color, each of `bits`. `opacity` is the number of the sample that is
    the pixel's opacity, or None. `is_planar` says that each sample is stored apart. A `palette` is RGB of 8 bits, by
    entry.
    """

    directory: Directory
    size: Size
    photometric: Photometric
    compression: int
    bits: int
    format: SampleFormat
    samples: int
    is_planar: bool
    predictor: int
    opacity: int | None
    is_associated: bool

    @property
    def colors(self) -> int:
        """How many samples are color."""
        return _COLORS[self.photometric]

    @property
    def orientation(self) -> int:
        """How to turn what is stored into what is displayed.

        It counts as EXIF does (TIFF 6.0, Orientation).
        """
        return self.directory.number(Tag.ORIENTATION, 1)

    @property
    def columns(self) -> int:
        """How many columns are packed together: a row of a strip, or of a tile."""
        return self.directory.number(Tag.TILE_WIDTH, self.size.width)

    @property
    def is_tiled(self) -> bool:
        """Whether the picture is cut into tiles, not strips."""
        return Tag.TILE_WIDTH in self.directory.fields

    @property
    def rows(self) -> int:
        """How many rows are unpacked at once."""
        height = self.size.height
        if self.is_tiled:
            return self.directory.number(Tag.TILE_LENGTH, height)
        return min(height, self.directory.number(Tag.ROWS_PER_STRIP, height))

    @property
    def strip_bytes(self) -> int:
        """How many bytes are unpacked at once: a strip, or a tile.

        Of one plain strip libtiff makes many.
        """
        if self.compression == Compression.NONE and self.rows == self.size.height and not self.is_tiled:
            return 0
        return -(-self.columns * self.bits * (1 if self.is_planar else self.samples) // _BYTE) * self.rows

    @property
    def profile(self) -> bytes:
        """The embedded ICC profile, if any."""
        return self.directory.content(Tag.ICC_PROFILE)

    @property
    def palette(self) -> bytes:
        """The color map: red, green, blue of each entry, 8 bits each.

        See TIFF 6.0, section 5.

        Raises:
            ImageRejectedError: CORRUPT where it is too short.
        """
        entries = 1 << self.bits
        values = self.directory.numbers(Tag.COLOR_MAP, 3 * entries)
        if len(values) < 3 * entries:
            raise ImageRejectedError(Reason.CORRUPT, f"its color map has {len(values)} values, not {3 * entries}")
        shift = 8 if max(values) >= _LEAST_OF_16_BITS else 0
        reds, greens, blues = (values[at : at + entries] for at in (0, entries, 2 * entries))
        return bytes(value >> shift for color in zip(reds, greens, blues, strict=True) for value in color)


def raster_of(source: bytes) -> Raster:
    """Read what a TIFF's first picture is.

    Raises:
        ImageRejectedError: CORRUPT where its header makes no sense, UNSUPPORTED where its kind of TIFF is not read.
    """
    directory = first_directory(source)
    size = Size(directory.number(Tag.WIDTH), directory.number(Tag.LENGTH)) if directory else Size(0, 0)
    if directory is None or not min(size) or not all(map(directory.is_number, _NUMBERS)):
        raise ImageRejectedError(Reason.CORRUPT, "its header makes no sense")
    compression = directory.number(Tag.COMPRESSION, Compression.NONE)
    if compression not in _COMPRESSIONS:
        raise unsupported_tiff(f"compression {compression}")
    photometric = _photometric(directory, compression)
    extras = directory.numbers(Tag.EXTRA_SAMPLES)
    samples = _samples(directory, photometric, compression)
    opacity = _opacity(photometric, samples, extras)
    raster = Raster(
        directory=directory,
        size=size,
        photometric=photometric,
        compression=compression,
        bits=_bits(directory, samples),
        format=_format(directory, photometric),
        samples=samples,
        is_planar=directory.number(Tag.PLANAR_CONFIGURATION) == _PLANAR and samples > 1,
        predictor=directory.number(Tag.PREDICTOR, Predictor.NONE) if compression in _PREDICTED else Predictor.NONE,
        opacity=opacity,
        is_associated=opacity is not None and extras[opacity - _COLORS[photometric] :][:1] == (Opacity.ASSOCIATED,),
    )
    _check(raster)
    return raster


def unsupported_tiff(what: str) -> ImageRejectedError:
    """Say that a TIFF is whole but of a kind that is not read."""
    return ImageRejectedError(Reason.UNSUPPORTED, f"a TIFF of {what} is not read")


def _photometric(directory: Directory, compression: int) -> Photometric:
    if compression == Compression.OLD_JPEG:  # whatever is said: its data are JPEG's
        return Photometric.YCBCR
    found = directory.numbers(Tag.PHOTOMETRIC, 1)
    if not found:  # as libtiff guesses
        if compression in CCITT:
            return Photometric.WHITE_IS_ZERO
        return Photometric.RGB if directory.number(Tag.SAMPLES_PER_PIXEL, 1) >= 3 else Photometric.BLACK_IS_ZERO  # noqa: PLR2004 - red, green, blue
    if found[0] not in _COLORS:
        raise unsupported_tiff(f"photometric interpretation {found[0]}")
    return Photometric(found[0])


def _samples(directory: Directory, photometric: Photometric, compression: int) -> int:
    colors = _COLORS[photometric]
    samples = directory.number(Tag.SAMPLES_PER_PIXEL, colors if compression == Compression.OLD_JPEG else 1)
    if samples < colors and photometric is not Photometric.CMYK:
        raise ImageRejectedError(Reason.CORRUPT, f"it has {samples} samples a pixel, of which {colors} are color")
    if not colors <= samples <= MOST_SAMPLES or directory.number(Tag.INK_SET, 1) != 1:
        raise unsupported_tiff(
            f"{samples} samples a pixel" if photometric is not Photometric.CMYK else f"{samples} inks"
        )
    return samples


def _opacity(photometric: Photometric, samples: int, extras: tuple[int, ...]) -> int | None:
    """Find the sample that is opacity: of four of RGB it is the last where nothing is said, as libtiff takes it."""
    colors = _COLORS[photometric]
    if photometric is Photometric.RGB and samples == 4 and not extras:  # noqa: PLR2004 - red, green, blue, opacity
        return colors
    kinds = enumerate(extras[: samples - colors], colors)
    return next((number for number, kind in kinds if kind in _OPACITIES), None)


def _bits(directory: Directory, samples: int) -> int:
    """Read how many bits each sample has: one number may stand for all."""
    bits = directory.numbers(Tag.BITS_PER_SAMPLE)[:samples] or (1,)
    if len(set(bits)) > 1:
        raise unsupported_tiff(f"samples of {', '.join(map(str, bits))} bits")
    return bits[0]


def _format(directory: Directory, photometric: Photometric) -> SampleFormat:
    found = set(directory.numbers(Tag.SAMPLE_FORMAT)) or {SampleFormat.UNSIGNED}
    if photometric is Photometric.CIELAB and not found & {SampleFormat.FLOAT}:  # a* and b* are signed in any case
        return SampleFormat.UNSIGNED
    if len(found) > 1 or not found <= set(SampleFormat):
        raise unsupported_tiff(f"sample format {', '.join(map(str, sorted(found)))}")
    one = SampleFormat(found.pop())
    return SampleFormat.UNSIGNED if one is SampleFormat.UNDEFINED else one


def _check(raster: Raster) -> None:
    """Refuse what would come out wrong."""
    numbers = f"{raster.bits}-bit {raster.format.name.lower()} samples"
    if raster.bits not in _BITS[raster.format]:
        raise unsupported_tiff(numbers)
    match raster.photometric:
        case Photometric.YCBCR:
            is_read = raster.bits == _BYTE and raster.samples == raster.colors
        case Photometric.PALETTE:
            is_read = raster.bits <= _BYTE and raster.format is SampleFormat.UNSIGNED
        case Photometric.CIELAB:
            is_read = raster.bits in (_BYTE, 2 * _BYTE) and raster.format is SampleFormat.UNSIGNED
        case Photometric.CMYK:
            is_read = raster.format is SampleFormat.UNSIGNED
        case _:
            is_read = True
    if not is_read:
        raise unsupported_tiff(f"{numbers} of {raster.photometric.name}")
    _check_packing(raster, numbers)
    _check_opacity(raster)


def _check_packing(raster: Raster, numbers: str) -> None:
    is_jpeg = raster.compression in (Compression.OLD_JPEG, Compression.JPEG)
    if raster.compression in CCITT and (raster.bits, raster.samples) != (1, 1):
        raise unsupported_tiff(f"{numbers} in CCITT's compression")
    if is_jpeg and (raster.bits, raster.format) != (_BYTE, SampleFormat.UNSIGNED):
        raise unsupported_tiff(f"{numbers} in JPEG's compression")
    if raster.predictor not in set(Predictor):
        raise unsupported_tiff(f"predictor {raster.predictor}")


def _check_opacity(raster: Raster) -> None:
    """Refuse opacity where nothing says what multiplying with it means."""
    if raster.opacity is None:
        return
    if raster.format is SampleFormat.SIGNED:
        raise unsupported_tiff("signed samples with opacity")
    if raster.is_associated and (
        raster.photometric not in (Photometric.BLACK_IS_ZERO, Photometric.RGB, Photometric.CMYK)
        or raster.format is not SampleFormat.UNSIGNED
    ):
        raise unsupported_tiff(f"{raster.format.name.lower()} {raster.photometric.name} with associated opacity")
