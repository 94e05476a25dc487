"""What the default quality and effort of before 0.1.0 have made."""

from collections.abc import Collection
from dataclasses import replace

from contract.manifest import Manifest, PublishedRendition
from resize.imaging.encoding import REVISIONS, Numbers, numbers_of
from resize.imaging.variants import Format, Variant, variants_to_json
from resize.settings import Settings

# Every format's, where a variant set none: docs/configuration.md.
_EARLIER = Numbers(quality=80, effort=2)
# The others are the same bytes as before.
_CHANGED = (Format.WEBP, Format.JPEG, Format.AVIF)


def earlier_recipe(key: str, settings: Settings) -> str:
    """Give the recipe that a key's variants had before 0.1.0."""
    return settings.fingerprint(variants_to_json(tuple(map(_as_before, settings.variants_for(key)))))


def replaced_formats(manifest: Manifest, settings: Settings) -> frozenset[Format]:
    """Tell the formats of what a job makes otherwise than the earlier defaults did.

    None where the manifest is of another recipe than theirs.
    """
    key = manifest.source.key
    if manifest.recipe != earlier_recipe(key, settings):
        return frozenset()
    variants = {variant.name: variant for variant in settings.variants_for(key)}
    return frozenset(
        output
        for rendition in manifest.renditions
        if (output := _format_of(rendition)) and _is_changed(variants[rendition.variant], output)
    )


def note_on_defaults(formats: Collection[Format]) -> str:
    """Say that files of these formats become others, and how they stay."""
    *most, last = [each.content_type.removeprefix("image/") for each in _CHANGED if each in formats]
    named = f"{', '.join(most)} and {last}" if most else last
    keep = (
        ' To keep webp as it was, set "quality": 80, "effort": 2 in variants that do not set them, and deploy first.'
        if Format.WEBP in formats
        else ""
    )
    return (
        f"What was made with the quality and effort of before 0.1.0 becomes other files: {named}.{keep} "
        "See docs/configuration.md#quality-and-effort."
    )


def _as_before(variant: Variant) -> Variant:
    return replace(
        variant,
        quality=_EARLIER.quality if variant.quality is None else variant.quality,
        effort=_EARLIER.effort if variant.effort is None else variant.effort,
    )


def _format_of(rendition: PublishedRendition) -> Format | None:
    return next((each for each in _CHANGED if each.content_type == rendition.content_type), None)


def _is_changed(variant: Variant, output: Format) -> bool:
    numbers = numbers_of(variant, output)
    return REVISIONS[output][numbers.effort] > 1 or numbers != numbers_of(_as_before(variant), output)
