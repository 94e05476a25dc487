"""Presets: other variants for the keys that start with a prefix."""

import base64
import binascii
import json
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile

from contract.errors import SettingsError
from resize.imaging.variants import Variant, parse_variants, variants_to_json

# As in a notification's filter, which other characters would have to be percent-encoded in:
# docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
_PREFIX = re.compile(r"[0-9A-Za-z/!_.'()-]{1,1024}")
_ALLOWED = 'a list of objects such as {"prefix": "avatars/", "variants": {"small": {"width": 64}}}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """The variants of the keys that start with `prefix`.

    Without any, nothing is made of those keys.
    """

    prefix: str
    variants: tuple[Variant, ...]


def find_preset(presets: Sequence[Preset], key: str) -> Preset | None:
    """Find the preset of a key.

    Of those whose prefix it starts with, the one with the longest; None where there is none.
    """
    return max((each for each in presets if key.startswith(each.prefix)), key=_length, default=None)


def _length(preset: Preset) -> int:
    return len(preset.prefix)


def cover_prefixes(presets: Sequence[Preset], most: int) -> tuple[str, ...]:
    """Find few prefixes that the keys of all presets with variants start with.

    None of them is the start of another. Where they are more than `most`, those that have most in common become one,
    under which there may be other keys.
    """
    cover = _without_longer(each.prefix for each in presets if each.variants)
    while len(cover) > most:
        cover = _without_longer([*cover, max((_shared_start(*pair) for pair in pairwise(cover)), key=len)])
    return tuple(cover)


def _without_longer(prefixes: Iterable[str]) -> list[str]:
    """Leave out prefixes that start with another one: in order, those come right after it."""
    kept: list[str] = []
    for prefix in sorted(prefixes):
        if not kept or not prefix.startswith(kept[-1]):
            kept.append(prefix)
    return kept


def _shared_start(one: str, other: str) -> str:
    return "".join(pair[0] for pair in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def parse_presets(value: object, key: str = "presets") -> tuple[Preset, ...]:
    """Make presets of configuration: `[{"prefix": …, "variants": {…}}, …]`.

    Raises:
        SettingsError: the first thing that is wrong, with the preset that it is in, its value and what is allowed.
    """
    if not isinstance(value, list):
        raise SettingsError(key, value, _ALLOWED)
    presets = [_parse_preset(f"{key}[{place}]", each) for place, each in enumerate(value)]
    for place, preset in enumerate(presets):
        if preset.prefix in {other.prefix for other in presets[:place]}:
            raise SettingsError(f"{key}[{place}].prefix", preset.prefix, "a prefix that no preset before it has")
    return tuple(presets)


def _parse_preset(key: str, value: object) -> Preset:
    if not isinstance(value, Mapping) or set(value) != {"prefix", "variants"}:
        raise SettingsError(key, value, "an object of a prefix and variants, and nothing else")
    prefix = value["prefix"]
    if not isinstance(prefix, str) or not _PREFIX.fullmatch(prefix):
        raise SettingsError(f"{key}.prefix", prefix, "1 to 1,024 letters, digits and /!_.'()-")
    name = f"{key.partition('[')[0]}[{prefix!r}].variants"
    return Preset(prefix=prefix, variants=parse_variants(value["variants"], name, may_be_empty=True))


def presets_to_json(presets: Sequence[Preset]) -> list[dict[str, object]]:
    """Write presets as configuration: `parse_presets` reads it back."""
    return [{"prefix": each.prefix, "variants": variants_to_json(each.variants)} for each in presets]


def compress_presets(presets: Sequence[Preset]) -> str:
    """Write presets as text that an environment variable has room for.

    It is JSON, in zlib, in base85.
    """
    text = json.dumps(presets_to_json(presets), separators=(",", ":"))
    return base64.b85encode(zlib.compress(text.encode(), level=9)).decode()


def decompress_presets(name: str, text: str) -> tuple[Preset, ...]:
    """Read what `compress_presets` wrote into the variable of this name.

    Raises:
        SettingsError: it is something else.
    """
    try:
        value = json.loads(zlib.decompress(base64.b85decode(text)))
    except (ValueError, binascii.Error, zlib.error) as error:
        raise SettingsError(name, text[:60], f"what the stack writes there ({error})") from None
    return parse_presets(value)
