"""Settings: what the stack writes into the environment is what the function reads."""

from dataclasses import replace
from typing import Any

import pytest

from contract.errors import SettingsError
from resize.backoff import Backoff
from resize.imaging import encoding
from resize.imaging.encoding import DEFAULTS, Numbers
from resize.imaging.engine import Engine
from resize.imaging.limits import Limits
from resize.imaging.presets import parse_presets
from resize.imaging.variants import Format
from resize.settings import Events, Settings
from support.function.buckets import settings


def test_settings_written_as_an_environment_read_back() -> None:
    told = replace(
        settings(),
        variants=(),
        presets=parse_presets([{"prefix": "avatars/", "variants": {"tiny": {"width": 16}}}]),
        limits=Limits(frames=7),
        cache_control="no-store",
        jobs_at_once=2,
        render_seconds=9,
        keep_variants_of_expired=True,
        fallback_versions=2,
        stack_name="Staging",
        engine=Engine.VIPS,
        jobs_queue_url="https://sqs.eu-west-1.amazonaws.com/123456789012/Staging-jobs",
        backoff=Backoff(visibility_seconds=91, max_receives=6),
        events=Events(
            queue_url="https://sqs.eu-west-1.amazonaws.com/123456789012/Staging-outcomes.fifo", source="/darkroom"
        ),
        delivery_url="https://images.example.com",
        derived_prefix="made/",
    )

    assert Settings.from_environment(told.to_environment()) == told


@pytest.mark.parametrize(("version", "number"), [("7", 7), ("$LATEST", 0)])
def test_the_version_of_the_function_is_a_number(version: str, number: int) -> None:
    environment = settings().to_environment() | {"AWS_LAMBDA_FUNCTION_VERSION": version}

    assert Settings.from_environment(environment).function_version == number


@pytest.mark.parametrize("name", settings().to_environment())
def test_a_variable_that_is_missing_is_named(name: str) -> None:
    environment = settings().to_environment()
    del environment[name]

    with pytest.raises(SettingsError, match=name):
        Settings.from_environment(environment)


def test_where_there_are_no_events_presets_and_delivery_the_environment_says_nothing_of_them() -> None:
    assert not {"DARKROOM_EVENTS", "DARKROOM_PRESETS", "DARKROOM_DELIVERY_URL"} & settings().to_environment().keys()


def test_the_recipe_moves_with_what_renditions_look_like() -> None:
    one, other = settings(a={"width": 1}), settings(a={"width": 2})

    assert one.recipe != other.recipe
    assert one.recipe != replace(one, cache_control="no-store").recipe
    assert one.recipe != replace(one, engine=Engine.VIPS).recipe


def test_the_recipe_stays_where_renditions_would_be_the_same() -> None:
    one, other = (
        settings(a={"width": 1}, b={"width": 2}),
        settings(b={"width": 2}, a={"width": 1, "quality": 80, "effort": 4}),
    )

    assert one.recipe == other.recipe
    assert one.recipe == replace(one, jobs_at_once=1, limits=Limits(frames=1), keep_variants_of_expired=True).recipe


def test_the_numbers_that_all_formats_had_before_give_a_webp_the_recipe_that_it_had() -> None:
    before = {"quality": 80, "effort": 2}
    variants: dict[str, dict[str, Any]] = {
        "large": {"width": 1600, **before},
        "medium": {"width": 800, **before},
        "thumb": {"width": 320, "height": 320, "fit": "cover", **before},
    }

    assert settings(**variants).recipe == "f72de5ea6caa75b1"  # of the default variants of 0.1.0


@pytest.mark.parametrize("options", [{"format": "jpeg", "effort": 2}, {"format": "avif", "effort": 2}])
def test_where_the_same_numbers_give_other_bytes_than_before_the_recipe_is_another(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = settings(a={"width": 1, "quality": 80, **options}).recipe

    monkeypatch.setattr(encoding, "REVISIONS", dict.fromkeys(Format, (1,) * 7))
    assert settings(a={"width": 1, "quality": 80, **options}).recipe != now


@pytest.mark.parametrize("output", ["webp", "jpeg", "avif", "source"])
def test_the_recipe_moves_with_the_defaults(output: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = settings(a={"width": 1, "format": output}).recipe
    moved = {each: Numbers(usual.quality, usual.effort - 1) for each, usual in DEFAULTS.items()}

    monkeypatch.setattr(encoding, "DEFAULTS", moved)
    assert settings(a={"width": 1, "format": output}).recipe != before


@pytest.mark.parametrize(
    ("memory_megabytes", "jobs_at_once", "images"),
    [(1024, 4, 1), (1769, 4, 1), (3537, 4, 1), (3538, 4, 2), (10_240, 4, 4), (10_240, 32, 5), (10_240, 1, 1)],
)
def test_an_image_is_rendered_on_each_processor_as_far_as_jobs_overlap(
    memory_megabytes: int, jobs_at_once: int, images: int
) -> None:
    assert replace(settings(), jobs_at_once=jobs_at_once).images_at_once(memory_megabytes) == images


@pytest.mark.parametrize("memory_megabytes", [1024, 1769, 3008, 3538, 10_240])
@pytest.mark.parametrize("jobs_at_once", [1, 4, 11, 32])
def test_the_sources_of_all_jobs_and_the_images_that_are_rendered_fit_into_the_function_s_memory(
    memory_megabytes: int, jobs_at_once: int
) -> None:
    told = replace(settings(), jobs_at_once=jobs_at_once)
    told = replace(told, limits=Limits(source_bytes=told.most_source_bytes(memory_megabytes)))

    image_bytes, answer_bytes = told.image_bytes(memory_megabytes), told.answer_bytes(memory_megabytes)
    in_all = told.images_at_once(memory_megabytes) * (image_bytes + answer_bytes)

    assert jobs_at_once * told.limits.source_bytes + in_all <= (memory_megabytes - 128) * 2**20
    assert image_bytes + answer_bytes >= 512 * 2**20 - 1  # rounded down, each
    assert answer_bytes >= image_bytes // 9
    assert image_bytes > told.limits.source_bytes
