"""What the defaults of before 0.1.0 made is known by its recipe, and named by its formats."""

from dataclasses import replace
from typing import Any

import pytest

from contract.manifest import Manifest
from darkroom.backfill.earlier_defaults import earlier_recipe, note_on_defaults, replaced_formats
from resize.imaging.variants import Format, parse_variants
from resize.settings import Settings
from support.command.uploads import recorded

THREE: dict[str, Any] = {
    "large": {"width": 1600},
    "medium": {"width": 800},
    "thumb": {"width": 320, "height": 320, "fit": "cover"},
}


def settings_of(variants: dict[str, Any]) -> Settings:
    return Settings(uploads_bucket="uploads", derived_bucket="derived", variants=parse_variants(variants))


def manifest_of(recipe: str, **content_types: str) -> Manifest:
    """A manifest with a rendition of each variant, as this type."""
    manifest = recorded("cat.jpg").manifest
    renditions = tuple(
        replace(manifest.renditions[0], variant=name, content_type=f"image/{each}")
        for name, each in content_types.items()
    )
    return replace(manifest, recipe=recipe, renditions=renditions)


def test_the_recipe_of_before_is_the_one_that_manifests_of_then_carry() -> None:
    assert earlier_recipe("cat.jpg", settings_of(THREE)) == "f72de5ea6caa75b1"


@pytest.mark.parametrize(
    ("options", "written_as", "replaced"),
    [
        ({}, "webp", {Format.WEBP}),
        ({"quality": 70}, "webp", {Format.WEBP}),
        ({"quality": 80, "effort": 2}, "webp", set()),
        ({"format": "avif"}, "avif", {Format.AVIF}),
        ({"format": "jpeg", "quality": 80, "effort": 2}, "jpeg", {Format.JPEG}),  # its quantization is another
        ({"format": "png"}, "png", set()),
        ({"format": "source"}, "jpeg", {Format.JPEG}),
        ({"format": "source"}, "gif", set()),
    ],
)
def test_only_formats_whose_files_become_others_are_told(
    options: dict[str, Any], written_as: str, replaced: set[Format]
) -> None:
    settings = settings_of({"small": {"width": 64, **options}})

    assert replaced_formats(manifest_of(earlier_recipe("cat.jpg", settings), small=written_as), settings) == replaced


def test_what_these_or_other_settings_made_is_nothing_to_tell() -> None:
    settings = settings_of(THREE)

    assert replaced_formats(manifest_of(settings.recipe, large="webp"), settings) == set()
    assert replaced_formats(manifest_of("of other variants", gone="webp"), settings) == set()


def test_the_note_names_the_formats_alone_and_what_keeps_webp_only_where_there_is_some() -> None:
    assert "becomes other files: avif. See docs" in note_on_defaults({Format.AVIF})
    both = note_on_defaults({Format.AVIF, Format.WEBP, Format.JPEG})
    assert "becomes other files: webp, jpeg and avif." in both
    assert '"quality": 80, "effort": 2' in both
