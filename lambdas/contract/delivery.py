"""URLs and markup of variants that a distribution delivers.

A URL names the version that it was written for: `?v=` and the ETag. It is another one as soon as the variant is, so a
browser may keep what it is answered with. Every part of a URL is percent-encoded (RFC 3986), every attribute escaped
(HTML standard, 13.1.2.3).
"""

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from contract.manifest import PublishedRendition

# What the URL ends with that stands for all files of a variant: stacks/delivery/functions/accept.js.
AUTO = "auto"
# From the smallest files to what is read everywhere.
_TYPES = ("image/avif", "image/webp", "image/gif", "image/png", "image/jpeg")
# As wide as it is laid out, where a browser waits for that before it loads; elsewhere as wide as the window:
# html.spec.whatwg.org/multipage/images.html#sizes-attributes
_SIZES = "auto, 100vw"
_COLOR = re.compile(r"#[0-9a-f]{6}")
_WITHOUT_TRANSPARENCY = frozenset({"jpeg"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Placeholder:
    """What a page shows until a picture has come.

    `color` is `#rrggbb`, `thumbhash` base64; either may be None.
    """

    color: str | None = None
    thumbhash: str | None = None

    @classmethod
    def of(cls, source_format: str | None, color: str | None, thumbhash: str | None) -> "Placeholder":
        """Choose what can stand behind a picture of that format.

        No color where it would shine through.
        """
        is_opaque = source_format in _WITHOUT_TRANSPARENCY and color is not None and _COLOR.fullmatch(color)
        return cls(color=color if is_opaque else None, thumbhash=thumbhash)


def delivery_members(
    base_url: str, renditions: Sequence["PublishedRendition"], placeholder: Placeholder
) -> dict[str, Any]:
    """Write what a manifest tells of delivery: docs/manifest.schema.json."""
    return {
        "base_url": base_url,
        "urls": variant_urls(base_url, renditions),
        "srcset": delivered_srcset(base_url, renditions),
        "picture": picture(base_url, renditions, placeholder),
    }


def variant_urls(base_url: str, renditions: Sequence["PublishedRendition"]) -> dict[str, str]:
    """Give each variant's URL by the variant's name.

    One that no browser can ask for is left out.
    """
    files: dict[str, list[PublishedRendition]] = {}
    for each in renditions:
        files.setdefault(each.variant, []).append(each)
    urls = {variant: _url_of_any(base_url, some) for variant, some in files.items()}
    return {variant: url for variant, url in urls.items() if url}


def url_of(base_url: str, rendition: "PublishedRendition") -> str | None:
    """Give a rendition's own URL.

    None where no browser can ask for it: `.` and `..` between slashes are steps to it, however they are encoded.
    """
    if {".", ".."} & set(rendition.key.split("/")):
        return None
    return f"{base_url}/{quote(rendition.key)}?v={quote(rendition.etag, safe='')}"


def _url_of_any(base_url: str, files: Sequence["PublishedRendition"]) -> str | None:
    """Give the URL of a variant: where its format is `auto`, one that each client is answered by another file."""
    first, version = files[0], ".".join(each.etag for each in files)
    if first.slot is None:
        return url_of(base_url, first)
    return url_of(base_url, replace(first, key=f"{first.key.removesuffix(first.slot)}{AUTO}", etag=version))


def delivered_srcset(base_url: str, renditions: Sequence["PublishedRendition"]) -> str:
    """Write the value of an HTML `srcset` attribute.

    It has the variants that show all of the image, widest first.
    """
    urls = variant_urls(base_url, renditions)
    return _srcset(
        {each.width: urls[each.variant] for each in reversed(renditions) if each.whole and each.variant in urls}
    )


def picture(base_url: str, renditions: Sequence["PublishedRendition"], placeholder: Placeholder) -> str | None:
    """Write a `picture` element that a page can have as it is.

    None where there is nothing to show. Its `alt` is empty: what the picture shows is for the page's author to say.
    """
    shown = [each for each in _of_one_shape(renditions) if url_of(base_url, each)]
    if not shown:
        return None
    by_type = _by_type(base_url, shown)
    urls = _most_compatible(by_type.values())
    # A browser takes the first type that it can read: one without all widths would keep the others from being seen.
    offered = {kind: some for kind, some in by_type.items() if some.keys() == urls.keys() and some != urls}
    sources = [
        _element("source", {"type": kind, "srcset": _srcset(some), "sizes": _SIZES}) for kind, some in offered.items()
    ]
    image = _element("img", _image_attributes(shown, urls) | _placeholder_attributes(placeholder))
    return "\n".join(["<picture>", *(f"  {each}" for each in (*sources, image)), "</picture>"])


def _of_one_shape(renditions: Sequence["PublishedRendition"]) -> Sequence["PublishedRendition"]:
    """Choose those that may stand for each other: all that show the whole image, or else those cut like the widest."""
    if whole := [each for each in renditions if each.whole]:
        return whole
    widest = max(renditions, key=lambda each: each.width, default=None)
    return [each for each in renditions if widest and each.width * widest.height == each.height * widest.width]


def _by_type(base_url: str, renditions: Iterable["PublishedRendition"]) -> dict[str, dict[int, str]]:
    """Give URLs by their width, for each media type in `_TYPES`' order; of two alike the first counts."""
    found: dict[str, dict[int, str]] = {kind: {} for kind in _TYPES}
    for each in renditions:
        if url := url_of(base_url, each):
            found.setdefault(each.content_type, {}).setdefault(each.width, url)
    return {kind: urls for kind, urls in found.items() if urls}


def _most_compatible(by_type: Iterable[Mapping[int, str]]) -> dict[int, str]:
    """Give a URL of each width, of the last type that has it."""
    return {width: url for urls in by_type for width, url in urls.items()}


def _image_attributes(shown: Sequence["PublishedRendition"], urls: Mapping[int, str]) -> dict[str, str]:
    widest = max(shown, key=lambda each: each.width)
    return {
        "src": urls[widest.width],
        "srcset": _srcset(urls),
        "sizes": _SIZES,
        "width": str(widest.width),
        "height": str(widest.height),
        "alt": "",
        "loading": "lazy",
        "decoding": "async",
    }


def _placeholder_attributes(placeholder: Placeholder) -> dict[str, str]:
    color = {"style": f"background-color: {placeholder.color}"} if placeholder.color else {}
    thumbhash = {"data-thumbhash": placeholder.thumbhash} if placeholder.thumbhash else {}
    return color | thumbhash


def _srcset(by_width: Mapping[int, str]) -> str:
    return ", ".join(f"{by_width[width]} {width}w" for width in sorted(by_width, reverse=True))


def _element(name: str, attributes: Mapping[str, str]) -> str:
    written = " ".join(f'{each}="{html.escape(value)}"' for each, value in attributes.items())
    return f"<{name} {written}>"
