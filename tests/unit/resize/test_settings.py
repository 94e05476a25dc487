"""Settings: what the stack writes into the environment is what the function reads."""

from dataclasses import replace

import pytest

from contract.errors import SettingsError
from resize.backoff import Backoff
from resize.imaging.engine import Engine
from resize.imaging.limits import Limits
from resize.imaging.presets import parse_presets
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


def test_where_there_are_no_events_and_no_presets_the_environment_says_nothing_of_them() -> None:
    assert not {"DARKROOM_EVENTS", "DARKROOM_PRESETS"} & settings().to_environment().keys()


def test_the_recipe_moves_with_what_renditions_look_like() -> None:
    one, other = settings(a={"width": 1}), settings(a={"width": 2})

    assert one.recipe != other.recipe
    assert one.recipe != replace(one, cache_control="no-store").recipe
    assert one.recipe != replace(one, engine=Engine.VIPS).recipe


def test_the_recipe_stays_where_renditions_would_be_the_same() -> None:
    one, other = settings(a={"width": 1}, b={"width": 2}), settings(b={"width": 2}, a={"width": 1, "quality": 80})

    assert one.recipe == other.recipe
    assert one.recipe == replace(one, jobs_at_once=1, limits=Limits(frames=1), keep_variants_of_expired=True).recipe


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
