"""Parse the boxes of AVIF and HEIC.

Boxes are those of ISO/IEC 14496-12 (files), 23008-12 (images in them) and the AVIF specification. What makes no sense
says nothing: to refuse a broken file is the decoder's business. Time is linear in the boxes read, which are bounded.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from resize.imaging.color.cicp import Cicp
from resize.imaging.color.tone_map import peak_of
from resize.imaging.geometry import Size

# Of what a file may have any number: boxes in a box, properties of items. Real ones have hundreds.
_MOST_BOXES = 4096
_MOST_ENTRIES = 65_536
_MOST_BRANDS = 4096

# Bytes of a box's own header, of a full box's version and flags, of the fields before the boxes in a picture's sample
# entry (ISO/IEC 14496-12, 4.2, and 12.1.3).
_HEADER = 8
VERSION = 4
_SAMPLE_ENTRY = 78

# Rows of ITU-T H.273, table 3: what is encoded for television Chromium shows in an image as if it were for a screen.
_TELEVISION = frozenset({1, 6, 11, 12, 14, 15})
_SRGB = 13

# A row of table 4 that libavif decodes and Chromium's color spaces lack: it takes such a picture for sRGB.
_DERIVED_MATRIX = 12

_FOR_EVER = (0xFFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF)


@dataclass(frozen=True, slots=True)
class CleanAperture:
    """The part of a picture that is meant to be shown.

    `clap`, four fractions (ISO/IEC 14496-12, 12.1.4).
    """

    width: tuple[int, int]
    height: tuple[int, int]
    right: tuple[int, int]
    down: tuple[int, int]

    def size_in(self, stored: Size) -> Size:
        """Say what of a picture to keep from its upper left corner.

        An aperture that begins elsewhere is ignored, as browsers do: whoever cut there may have wanted to hide the rest
        (https://github.com/AOMediaCodec/av1-avif/issues/188).
        """
        width = _kept(self.width, self.right, stored.width)
        height = _kept(self.height, self.down, stored.height)
        return Size(width, height) if width and height else stored


@dataclass(frozen=True, slots=True)
class Samples:
    """How a picture is coded.

    Bytes of each sample, and how many samples of color there are for each of lightness.
    """

    depth_bytes: int
    color: float

    @property
    def is_grey(self) -> bool:
        """Whether there is lightness alone."""
        return self.color == 0

    @property
    def bytes_of_pixel(self) -> float:
        """Bytes of each pixel, without its opacity."""
        return self.depth_bytes * (1 + self.color)


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentation:
    """What is said of the primary item, or of the sequence in its stead."""

    cicp: Cicp | None = None
    aperture: CleanAperture | None = None
    samples: Samples | None = None  # of AV1
    codecs: frozenset[bytes] = frozenset()  # by the boxes that configure decoders of items: av1C, hvcC …
    item_types: frozenset[bytes] = frozenset()  # of the primary item and all that it is made of: av01, hvc1, grid …
    has_still: bool = False
    has_sequence: bool = False
    is_animated: bool = False  # the sequence is what is shown
    loop_count: int = 0  # of the sequence; 0 is for ever

    @property
    def has_layers(self) -> bool:
        """Whether there are layers of HEVC upon the one that a picture begins with.

        ISO/IEC 14496-15, 9.
        """
        return b"lhvC" in self.codecs


class Brands(NamedTuple):
    """What a file says that it is: `ftyp` (ISO/IEC 14496-12, 4.3)."""

    major: bytes
    minor: bytes
    compatible: frozenset[bytes]


class IsoBox(NamedTuple):
    """A box; `name` is its kind as it stands in the file."""

    kind: bytes
    body: memoryview
    name: memoryview


class ItemEntry(NamedTuple):
    """An item's number, and its type as it stands in the file."""

    item: int
    name: memoryview


def brands_of(source: bytes) -> Brands | None:
    """Read the brands that a file begins with, None where it begins otherwise."""
    first = next(boxes(memoryview(source)[: 16 + 4 * _MOST_BRANDS], whole=False), None)
    if first is None or first.kind != b"ftyp" or len(first.body) < _HEADER:
        return None
    listed = range(_HEADER, len(first.body) - 3, 4)
    return Brands(
        bytes(first.body[:4]), bytes(first.body[4:8]), frozenset(bytes(first.body[at : at + 4]) for at in listed)
    )


def presentation_of(source: bytes) -> Presentation:
    """Find what is said of the picture.

    Of the sequence if by its major brand the file is one that browsers play.
    """
    brands = brands_of(source)
    moov = first(boxes(memoryview(source)), b"moov")
    meta = meta_of(source)
    track = _picture_track(moov) if moov is not None else None
    known = _properties(meta)
    primary = _primary(meta)
    items = _items(meta, known, primary) if primary is not None else []
    is_animated = track is not None and brands is not None and brands.major == b"avis"
    properties = track.properties if track is not None and is_animated else items
    return Presentation(
        cicp=_cicp(properties),
        aperture=_aperture(properties),
        samples=_samples(properties),
        codecs=frozenset(box.kind for box in known if box.kind.endswith(b"C")),
        item_types=_types(meta, primary) if primary is not None else frozenset(),
        has_still=primary is not None,
        has_sequence=track is not None,
        is_animated=is_animated,
        loop_count=track.loop_count if track is not None else 0,
    )


def meta_of(source: bytes | bytearray) -> memoryview:
    """Find the box that has a file's items, behind its version.

    Nothing where there is none.
    """
    found = first(boxes(memoryview(source)), b"meta")
    return found[VERSION:] if found is not None else memoryview(b"")


def item_entries(meta: memoryview) -> list[ItemEntry]:
    """List what introduces each item: `infe` (ISO/IEC 14496-12, 8.11.6)."""
    listed = first(boxes(meta), b"iinf")
    if not listed:
        return []
    count = 2 if listed[0] == 0 else 4
    return [_entry(box.body) for box in boxes(listed[VERSION + count :]) if box.kind == b"infe"]


def _entry(body: memoryview) -> ItemEntry:
    """Find an item's number, which is of 16 bits up to version 2, and its type behind that and its protection."""
    end = VERSION + (4 if bytes(body[:1]) == b"\3" else 2)
    return ItemEntry(number(body, VERSION, end), body[end + 2 : end + 6])


def boxes(body: memoryview, *, whole: bool = True) -> Iterator[IsoBox]:
    """Read boxes one after the other, up to one that makes no sense.

    Unless `whole`, the last may be cut off.
    """
    at = 0
    for _ in range(_MOST_BOXES):
        header = body[at : at + 2 * _HEADER]
        if len(header) < _HEADER:
            return
        size, start = int.from_bytes(header[:4], "big"), _HEADER
        if size == 1:
            size, start = int.from_bytes(header[8:16], "big"), 2 * _HEADER
        elif size == 0:  # to the end
            size = len(body) - at
        if size < start or (whole and at + size > len(body)):
            return
        yield IsoBox(bytes(header[4:8]), body[at + start : at + size], header[4:8])
        at += size


def first(found: Iterable[IsoBox], *path: bytes) -> memoryview | None:
    """Follow a path of kinds of boxes, the first of each kind."""
    kind, *inner = path
    body = next((box.body for box in found if box.kind == kind), None)
    return first(boxes(body), *inner) if inner and body is not None else body


def _properties(meta: memoryview) -> list[IsoBox]:
    """List the properties that items have, in the order in which they are numbered."""
    container = first(boxes(meta), b"iprp", b"ipco")
    return list(boxes(container)) if container is not None else []


def _primary(meta: memoryview) -> int | None:
    """Read the number of the primary item, None where there is no such item."""
    named = first(boxes(meta), b"pitm")
    if named is None or len(named) < VERSION + 2:
        return None
    return number(named, VERSION, VERSION + (2 if named[0] == 0 else 4))


def _items(meta: memoryview, known: Sequence[IsoBox], item: int) -> list[IsoBox]:
    """List the properties of an item."""
    properties = first(boxes(meta), b"iprp")
    maps = [box.body for box in boxes(properties) if box.kind == b"ipma"] if properties is not None else []
    chosen = [index for ipma in maps for index in _associations(ipma, item)]
    return [known[index - 1] for index in chosen if 0 < index <= len(known)]


def _types(meta: memoryview, primary: int) -> frozenset[bytes]:
    """List the types of an item and of those that it is made of (ISO/IEC 23008-12, 6.6)."""
    inputs: dict[int, set[int]] = {}
    for whole, part in islice(_derivations(meta), _MOST_ENTRIES):
        inputs.setdefault(whole, set()).add(part)
    found, further = {primary}, {primary}
    while further:
        further = {part for whole in further for part in inputs.get(whole, ())} - found
        found |= further
    return frozenset(bytes(entry.name) for entry in item_entries(meta) if entry.item in found)


def _derivations(meta: memoryview) -> Iterator[tuple[int, int]]:
    """Read which items are made of which: `dimg` in `iref` (ISO/IEC 14496-12, 8.11.12)."""
    listed = first(boxes(meta), b"iref")
    if not listed:
        return
    size = 2 if listed[0] == 0 else 4
    for kind, body, _ in boxes(listed[VERSION:]):
        if kind == b"dimg":
            whole = number(body, 0, size)
            yield from ((whole, number(body, at, at + size)) for at in range(size + 2, len(body) - size + 1, size))


def _associations(ipma: memoryview, item: int) -> Iterator[int]:
    """Read the numbers of an item's properties (ISO/IEC 23008-12, 9.3.1)."""
    if len(ipma) < 2 * VERSION:
        return
    of_item, of_index = (2 if ipma[0] < 1 else 4), (2 if ipma[3] & 1 else 1)
    mask = 0x7F if of_index == 1 else 0x7FFF  # beside whether it is essential
    at = 2 * VERSION
    for _ in range(min(int.from_bytes(ipma[4:8], "big"), _MOST_ENTRIES)):
        if at + of_item >= len(ipma):
            return
        count = ipma[at + of_item]
        start, end = at + of_item + 1, at + of_item + 1 + count * of_index
        if number(ipma, at, at + of_item) == item:
            yield from (number(ipma, i, i + of_index) & mask for i in range(start, end, of_index))
        at = end


class _Track(NamedTuple):
    properties: list[IsoBox]
    loop_count: int


def _picture_track(moov: memoryview) -> _Track | None:
    """Find the track of pictures: others have their opacity, depth or sound."""
    for box in boxes(moov):
        if box.kind != b"trak":
            continue
        inner = list(boxes(box.body))
        media = list(boxes(first(inner, b"mdia") or memoryview(b"")))
        handler = first(media, b"hdlr")
        if handler is not None and bytes(handler[8:12]) == b"pict":
            entries = first(media, b"minf", b"stbl", b"stsd")
            entry = next(boxes(entries[2 * VERSION :]), None) if entries is not None else None
            properties = list(boxes(entry.body[_SAMPLE_ENTRY:])) if entry is not None else []
            return _Track(properties, _plays(inner))
    return None


def _plays(track: list[IsoBox]) -> int:
    """Say how often a track plays: its duration in those of its one edit, if that repeats (`elst`, flag 1)."""
    header, edits = first(track, b"tkhd"), first(track, b"edts", b"elst")
    if not header or edits is None or len(edits) < 4 * VERSION:
        return 0  # browsers play for ever what says nothing
    if not edits[3] & 1:
        return 1
    duration = number(header, 20, 24) if header[0] != 1 else number(header, 28, 36)
    edit = number(edits, 8, 12) if edits[0] != 1 else number(edits, 8, 16)
    return 0 if duration in _FOR_EVER or edit == 0 else -(-duration // edit)


def number(body: memoryview, start: int, end: int) -> int:
    """Read a number as boxes have them, big-endian."""
    return int.from_bytes(body[start:end], "big")


def _cicp(properties: Sequence[IsoBox]) -> Cicp | None:
    """Read the first `colr` of type nclx: a profile, which outranks it, the decoders hand over themselves."""
    for kind, body, _ in properties:
        if kind == b"colr" and bytes(body[:4]) == b"nclx" and len(body) >= _HEADER + 2:
            transfer = number(body, 6, 8)
            if number(body, 8, 10) == _DERIVED_MATRIX:
                return None
            transfer = _SRGB if transfer in _TELEVISION else transfer
            return Cicp(number(body, 4, 6), transfer, _peak(properties))
    return None


def _peak(properties: Iterable[IsoBox]) -> float:
    """Read `clli` (ISO/IEC 14496-12, 12.1.6), in cd/m2: what a picture was mastered on (`mdcv`) no browser reads."""
    brightest = first(properties, b"clli")
    return peak_of(number(brightest, 0, 2) if brightest is not None else 0)


def _aperture(properties: Iterable[IsoBox]) -> CleanAperture | None:
    body = first(properties, b"clap")
    if body is None or len(body) < 4 * _HEADER:
        return None
    fractions = [(_signed(body, at), number(body, at + 4, at + 8)) for at in range(0, 32, _HEADER)]
    return CleanAperture(*fractions)


def _signed(body: memoryview, at: int) -> int:
    return int.from_bytes(body[at : at + 4], "big", signed=True)


def _samples(properties: Iterable[IsoBox]) -> Samples | None:
    """Read the third byte of `av1C` (AV1 in ISOBMFF, 2.3.3): depth, monochrome, and the halving across and down."""
    configuration = first(properties, b"av1C")
    if configuration is None:
        return None
    flags = number(configuration, 2, 3)
    halvings = (flags >> 3 & 1) + (flags >> 2 & 1)
    return Samples(2 if flags & 0x40 else 1, 0 if flags & 0x10 else 2 / 2**halvings)


def _kept(length: tuple[int, int], offset: tuple[int, int], stored: int) -> int | None:
    """Give a whole length that begins at 0 and fits: its middle lies `offset` from that of what is stored."""
    if length[1] == 0 or offset[1] == 0 or length[0] % length[1]:
        return None
    kept = length[0] // length[1]
    starts_at_zero = 2 * offset[0] == (kept - stored) * offset[1]
    return kept if 0 < kept <= stored and starts_at_zero else None
