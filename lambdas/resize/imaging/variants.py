"""Variant: a named size and format, parsed from configuration."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeAlias

from contract.errors import SettingsError, nearest

# The longest side that WebP can store (RFC 9649, section 2.7); JPEG stores 65,535.
MAX_SIDE = 16_383

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_COLOR = re.compile(r"#[0-9a-f]{6}([0-9a-f]{2})?")

# Turns the value of a configuration key into what it means, or raises SettingsError.
Parser: TypeAlias = Callable[[str, object], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Parses one value, or raises SettingsError; `allowed` is for people."""

    parse: Parser
    allowed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """An option of a variant.

    What it may be, and one line of Markdown on what it does.
    """

    rule: Rule
    doc: str


# `<variant>/<key>` shares the derived bucket with `manifests/<key>.json`.
RESERVED_NAMES = frozenset({"manifests"})


class Format(StrEnum):
    """What a rendition is encoded as; the value is the file's extension too."""

    WEBP = "webp"
    JPEG = "jpg"
    PNG = "png"
    GIF = "gif"
    AVIF = "avif"

    @property
    def content_type(self) -> str:
        """The media type, as registered with IANA."""
        return "image/jpeg" if self is Format.JPEG else f"image/{self.value}"


class Slot(StrEnum):
    """One of the files that `auto` makes.

    The value is its extension. All are as long as `auto`: a key that is shortened is cut at the same place in each.
    """

    AVIF = "avif"
    WEBP = "webp"
    JPEG = "jpeg"

    @property
    def still_format(self) -> Format:
        """What it is encoded as, but for an animation."""
        return Format[self.name]

    @property
    def animated_format(self) -> Format:
        """What an animation is encoded as.

        No AVIF is, and no JPEG can be. A GIF plays anywhere.
        """
        return Format.GIF if self is Slot.JPEG else Format.WEBP


# What a rendition's key may end with.
EXTENSIONS = frozenset({*(form.value for form in Format), *Slot})


class Fit(StrEnum):
    """How an image meets a box of another shape."""

    INSIDE = "inside"  # as large as fits in the box; the shape stays
    COVER = "cover"  # fills the box; what sticks out is cut, see Gravity
    CONTAIN = "contain"  # as large as fits in the box; the background fills the rest


class Gravity(StrEnum):
    """Which part of the image `cover` keeps."""

    CENTER = "center"
    NORTH = "north"
    NORTHEAST = "northeast"
    EAST = "east"
    SOUTHEAST = "southeast"
    SOUTH = "south"
    SOUTHWEST = "southwest"
    WEST = "west"
    NORTHWEST = "northwest"
    ATTENTION = "attention"  # what draws the eye, see resize.imaging.attention


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One configured size.

    `width` and `height` are pixels, at least one of them set. `format` None keeps the source's. `quality` is 1 to 100;
    PNG and GIF have none and ignore it. `effort` is 0 (fast) to 6 (small). None of either is what the format has in
    `encoding.DEFAULTS`. `background` is `#rrggbb` or `#rrggbbaa`. Where the format is `auto` there are three variants
    of one name, each with its slot.
    """

    name: str
    width: int | None = None
    height: int | None = None
    fit: Fit = Fit.INSIDE
    gravity: Gravity = Gravity.CENTER
    background: str = "#ffffff"
    format: Format | None = Format.WEBP
    quality: int | None = None
    effort: int | None = None
    enlarge: bool = False
    slot: Slot | None = None

    @property
    def outputs(self) -> tuple[Format, ...]:
        """What its renditions may be encoded as."""
        if self.slot:
            return (self.slot.still_format, self.slot.animated_format)
        return (self.format,) if self.format else tuple(Format)

    @property
    def extensions(self) -> tuple[str, ...]:
        """What the keys of its renditions may end with."""
        return (self.slot.value,) if self.slot else tuple(form.value for form in self.outputs)


def parse_variants(value: object, key: str = "variants", *, may_be_empty: bool = False) -> tuple[Variant, ...]:
    """Make variants of configuration: `{name: {option: value}}`, in the order given.

    `key` is what errors call it; nothing is made by variants that are empty.

    Raises:
        SettingsError: the first thing that is wrong, with its key, value and what is allowed.
    """
    if not isinstance(value, Mapping) or not (value or may_be_empty):
        least = "variants by their names" if may_be_empty else "at least one variant by its name"
        raise SettingsError(key, value, f"an object of {least}")
    return tuple(variant for name, options in value.items() for variant in _parse_variant(key, name, options))


def variants_to_json(variants: tuple[Variant, ...]) -> dict[str, dict[str, Any]]:
    """Write variants as configuration, every option that has a value.

    `parse_variants` reads it back.
    """
    return {variant.name: _options_of(variant) for variant in variants}


def _options_of(variant: Variant) -> dict[str, Any]:
    word = _AUTO if variant.slot else next(word for word, chosen in _FORMATS.items() if chosen is variant.format)
    options = {option: getattr(variant, option) for option in OPTIONS} | {"format": word}
    return {option: value for option, value in options.items() if value is not None}


def _parse_variant(variants: str, name: object, options: object) -> tuple[Variant, ...]:
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name in RESERVED_NAMES:
        raise SettingsError(
            variants, name, "a name of 1 to 32 of a-z, 0-9 and '-', not starting with '-', and not 'manifests'"
        )
    key = f"{variants}.{name}"
    if not isinstance(options, Mapping):
        raise SettingsError(key, options, f"an object of the options {', '.join(OPTIONS)}")
    for option in options:
        if option not in OPTIONS:
            raise SettingsError(key, option, f"one of the options {_words(option, OPTIONS)}")
    parsed = {option: OPTIONS[option].rule.parse(f"{key}.{option}", options[option]) for option in options}
    is_auto = options.get("format") == _AUTO
    variant = Variant(name=name, **(parsed | {"format": None} if is_auto else parsed))
    _check_box(key, variant, options)
    _check_gravity(key, variant)
    return tuple(replace(variant, format=slot.still_format, slot=slot) for slot in Slot) if is_auto else (variant,)


def _check_box(key: str, variant: Variant, options: Mapping[Any, object]) -> None:
    if variant.width is None and variant.height is None:
        raise SettingsError(key, dict(options), "a width, a height or both")
    if variant.fit is not Fit.INSIDE and (variant.width is None or variant.height is None):
        raise SettingsError(f"{key}.fit", variant.fit.value, "'inside' unless both width and height are given")


def _check_gravity(key: str, variant: Variant) -> None:
    if variant.gravity is Gravity.ATTENTION:
        check_is_cut(key, variant)


def check_is_cut(key: str, variant: Variant) -> None:
    """See that a variant cuts, for which it matters what a cut keeps.

    Raises:
        SettingsError: it cuts nothing.
    """
    if variant.fit is not Fit.COVER:
        allowed = f"a fit of 'cover' beside it: {variant.fit.value!r} cuts nothing"
        raise SettingsError(f"{key}.gravity", variant.gravity.value, allowed)


def _integer(lowest: int, highest: int) -> Rule:
    allowed = f"a whole number from {lowest} to {highest}"

    def parse(key: str, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            raise SettingsError(key, value, allowed)
        return value

    return Rule(parse=parse, allowed=allowed)


def _choice(words: Mapping[str, object]) -> Rule:
    def parse(key: str, value: object) -> object:
        if not isinstance(value, str) or value not in words:
            raise SettingsError(key, value, f"one of {_words(value, words)}")
        return words[value]

    return Rule(parse=parse, allowed=f"one of {', '.join(words)}")


def _words(given: object, known: Iterable[str]) -> str:
    """List what is known, and what of it is most like what was given."""
    listed = ", ".join(known)
    return f"{listed}; the nearest is {nearest(given.lower(), known)!r}" if isinstance(given, str) else listed


def _boolean(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise SettingsError(key, value, "true or false")
    return value


def _color(key: str, value: object) -> str:
    if not isinstance(value, str) or not _COLOR.fullmatch(value.lower()):
        raise SettingsError(key, value, "a color such as '#ffffff', or '#ffffff00' with its opacity")
    return value.lower()


_AUTO = "auto"
_FORMATS: Mapping[str, Format | None] = {
    "webp": Format.WEBP,
    "jpeg": Format.JPEG,
    "png": Format.PNG,
    "avif": Format.AVIF,
    "source": None,
}

OPTIONS: Mapping[str, Option] = {
    "width": Option(rule=_integer(1, MAX_SIDE), doc="pixels; a variant has a width, a height or both"),
    "height": Option(rule=_integer(1, MAX_SIDE), doc="pixels"),
    "fit": Option(
        rule=_choice({fit.value: fit for fit in Fit}),
        doc="`inside` keeps the shape; `cover` fills the box and cuts; `contain` fills the box with `background`",
    ),
    "gravity": Option(
        rule=_choice({gravity.value: gravity for gravity in Gravity}),
        doc="what `cover` keeps; `attention` is [what draws the eye](#crops)",
    ),
    "background": Option(
        rule=Rule(parse=_color, allowed="a color as `#rrggbb` or `#rrggbbaa`"),
        doc="what `contain` fills with, and what transparency is flattened on in JPEG",
    ),
    "format": Option(
        rule=_choice({**_FORMATS, _AUTO: None}),
        doc="`source` keeps the format (TIFF and BMP become PNG, HEIC JPEG, an animated AVIF WebP); `auto` makes AVIF, "
        "WebP and JPEG, of which [each browser gets what it reads](delivery.md#format-auto)",
    ),
    "quality": Option(rule=_integer(1, 100), doc="of JPEG, WebP and AVIF; none is [the format's](#quality-and-effort)"),
    "effort": Option(rule=_integer(0, 6), doc="0 is fast, 6 is small; none is [the format's](#quality-and-effort)"),
    "enlarge": Option(rule=Rule(parse=_boolean, allowed="true or false"), doc="whether a small image is blown up"),
}
