"""Every setting: its default, what it takes from a file and from a command line, and what it refuses in which words."""

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contract.errors import SettingsError
from resize.imaging.variants import Fit, Format, Gravity, Variant
from resize.settings import STORAGE_SECONDS
from stacks.config.config import Config
from stacks.config.consistency import MAX_ENVIRONMENT_BYTES
from stacks.config.event_pattern import MAX_PATTERN_CHARACTERS, event_pattern, fits_rule
from stacks.config.parser import parse_config
from stacks.config.rules import Pollers

CDK_JSON = Path(__file__).parents[3] / "cdk.json"
SETTINGS = [field.name for field in fields(Config)]


def test_a_setting_that_is_not_given_has_its_default() -> None:
    assert parse_config({}) == Config()


def test_the_default_variants_are_a_large_a_medium_and_a_square_thumb() -> None:
    assert Config().variants == (
        Variant(name="large", width=1600, format=Format.WEBP),
        Variant(name="medium", width=800, format=Format.WEBP),
        Variant(name="thumb", width=320, height=320, fit=Fit.COVER, gravity=Gravity.CENTER, format=Format.WEBP),
    )


def test_the_file_of_settings_leaves_quality_and_effort_to_each_variants_format() -> None:
    variants = json.loads(CDK_JSON.read_text(encoding="utf-8"))["context"]["variants"]

    assert [set(options) & {"quality", "effort"} for options in variants.values()] == [set()] * 3


@pytest.mark.parametrize(
    ("setting", "text", "value"),
    [
        ("memory_mb", "3008", 3008),
        ("retain_data", "false", False),
        ("visibility_timeout_seconds", "null", None),
        ("visibility_timeout_seconds", "600", 600),
        ("python", "3.13", "3.13"),
        ("stack_name", "Staging", "Staging"),
        ("key_prefix", "2026", "2026"),
        ("cache_control", "no-store", "no-store"),
        ("variants", '{"tiny": {"width": 16}}', (Variant(name="tiny", width=16),)),
    ],
)
def test_a_command_lines_text_means_what_the_file_would_say(setting: str, text: str, value: object) -> None:
    assert getattr(parse_config({setting: text}), setting) == value


@pytest.mark.parametrize("address", ["ops@example.com", "o.p+s@mail.example.co.uk", "a'b@x-y.org"])
def test_an_address_for_alarms_is_taken_as_it_is(address: str) -> None:
    assert parse_config({"alarm_email": address}).alarm_email == address


@pytest.mark.parametrize(
    "address",
    [
        *("", "ops", "ops@", "@example.com", "ops@example", "ops@-.com", "ops@" + "x" * 250 + ".com", 7),
        *("a b@example.com", "a@b@example.com", "é@example.com", "a" * 65 + "@example.com", "ops@example.com\n"),
        "a@example.com,b@example.com",
    ],
)
def test_what_is_no_address_for_alarms_is_refused(address: object) -> None:
    with pytest.raises(SettingsError, match=r"alarm_email: .* is not allowed; expected an e-mail address, or null"):
        parse_config({"alarm_email": address})


@pytest.mark.parametrize(
    "origins",
    [[], ["*"], ["null"], ["https://www.example.com", "http://localhost:8000"], ["https://*.example.com"]],
)
def test_origins_of_pages_are_taken_as_browsers_send_them(origins: list[str]) -> None:
    assert parse_config({"cors_origins": origins}).cors_origins == tuple(origins)
    assert parse_config({"cors_origins": json.dumps(origins)}).cors_origins == tuple(origins)


@pytest.mark.parametrize(
    ("origins", "named"),
    [
        *[("https://www.example.com", "cors_origins"), (None, "cors_origins"), (["*"] * 101, "cors_origins")],
        *[(["*", origin], r"cors_origins\[1\]") for origin in ("https://www.example.com/", "www.example.com", "", 7)],
        *[([origin], r"cors_origins\[0\]") for origin in ("https://*.*.com", "HTTPS://A.COM", "https://a.com?b", "**")],
    ],
)
def test_what_is_no_origin_is_refused(origins: object, named: str) -> None:
    with pytest.raises(
        SettingsError, match=rf'^{named}: .* is not allowed; expected .* as "https://www|{named}: .*such'
    ):
        parse_config({"cors_origins": origins})


@pytest.mark.parametrize(("setting", "value"), [("alarm_email", "ops@example.com"), ("alarm_no_jobs_hours", 24)])
def test_an_alarm_that_is_asked_for_without_monitoring_is_refused(setting: str, value: object) -> None:
    with pytest.raises(SettingsError, match=rf"{setting}: .* expected null without monitoring"):
        parse_config({setting: value, "monitoring": False})


def test_a_job_is_old_after_two_visibility_timeouts_unless_it_is_said() -> None:
    assert parse_config({}).oldest_message_seconds == 2970
    assert parse_config({"visibility_timeout_seconds": 400}).oldest_message_seconds == 600
    assert parse_config({"alarm_oldest_message_seconds": 90}).oldest_message_seconds == 90


def test_provisioned_pollers_can_take_the_place_of_a_maximum_concurrency() -> None:
    config = parse_config({"provisioned_pollers": {"minimum": 2, "maximum": 20}, "max_concurrency": None})

    assert (config.provisioned_pollers, config.max_concurrency) == (Pollers(minimum=2, maximum=20), None)


@pytest.mark.parametrize(
    "key",
    [
        "@aws-cdk/aws-iam:minimizePolicies",
        "aws:cdk:version-reporting",
        "availability-zones:account=123456789012:region=eu-west-1",
        "acknowledged-issue-numbers",
        "cli-telemetry",
    ],
)
def test_the_keys_of_the_cdk_itself_are_left_alone(key: str) -> None:
    assert parse_config({key: ["anything"]}) == Config()


@pytest.mark.parametrize(
    ("key", "nearest"),
    [
        ("retain-data", "retain_data"),
        ("memory", "memory_mb"),
        ("variant", "variants"),
        ("MaxConcurrency", "max_concurrency"),
        ("batchsize", "batch_size"),
    ],
)
def test_an_unknown_setting_is_refused_with_the_nearest_name(key: str, nearest: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse_config({key: 1})

    assert str(refused.value) == f"{key}: 1 is not allowed; expected the name of a setting; the nearest is {nearest!r}"


@pytest.mark.parametrize(
    ("setting", "lowest", "highest"),
    [
        ("noncurrent_days", 1, 2**31 - 1),
        ("abort_upload_days", 1, 2**31 - 1),
        ("max_receive_count", 1, 1000),
        ("function_timeout_seconds", 311, 900),
        ("render_seconds", 1, 26),
        ("fallback_versions", 0, 3),
        ("visibility_timeout_seconds", 330, 43_200),
        ("batch_size", 1, 10_000),
        ("batch_window_seconds", 0, 300),
        ("max_concurrency", 2, 1000),
        ("memory_mb", 1024, 10_240),
        ("jobs_at_once", 1, 11),
        ("removed_manifest_days", 19, 2**31 - 1),
        ("queue_retention_days", 1, 13),
        ("dead_letter_retention_days", 5, 14),
        ("max_source_bytes", 1, 295_960_576),
        ("max_frame_pixels", 1, 2**32),
        ("max_frames", 1, 2**32),
        ("max_total_pixels", 1, 2**32),
        ("alarm_oldest_message_seconds", 60, 1_209_600),
        ("alarm_failed_percent", 0, 99),
        ("alarm_rejected_percent", 0, 99),
        ("alarm_minimum_jobs", 1, 1_000_000),
        ("alarm_at_cap_minutes", 1, 1440),
        ("alarm_no_jobs_hours", 1, 168),
    ],
)
def test_a_number_is_taken_up_to_its_limits_and_refused_beyond(setting: str, lowest: int, highest: int) -> None:
    window = {"batch_window_seconds": 1}  # without one, a batch has ten jobs at most

    for value in (lowest, highest):
        assert getattr(parse_config(window | {setting: value}), setting) == value
    for value in (lowest - 1, highest + 1):
        with pytest.raises(SettingsError, match=setting):
            parse_config(window | {setting: value})


@pytest.mark.parametrize("setting", [setting for setting in SETTINGS if isinstance(getattr(Config(), setting), int)])
@pytest.mark.parametrize("value", [1.5, "many", [], {}, "", "1e3", -1])
def test_a_setting_of_a_number_or_a_choice_refuses_another_type_by_name_and_value(setting: str, value: object) -> None:
    with pytest.raises(SettingsError) as refused:
        parse_config({setting: value})

    assert refused.value.key == setting
    assert "is not allowed; expected" in str(refused.value)


@pytest.mark.parametrize("setting", [setting for setting in SETTINGS if type(getattr(Config(), setting)) is int])
def test_true_is_no_number(setting: str) -> None:
    with pytest.raises(SettingsError, match="True is not allowed"):
        parse_config({setting: True})


TINY = {"tiny": {"width": 16}}


def preset(prefix: str, **variants: dict[str, Any]) -> dict[str, Any]:
    return {"prefix": prefix, "variants": variants or TINY}


@pytest.mark.parametrize(
    ("context", "said"),
    [
        ({"variants": {}}, "variants: {} is not allowed; expected an object of at least one variant by its name"),
        ({"variants": {"a": {"width": 9, "quality": 101}}}, "variants.a.quality: 101 is not allowed; expected a whole"),
        ({"variants": '{"a": {"width": 1}, "a": {"width": 2}}'}, "a: {'width': 2} is not allowed; expected each name"),
        ({"python": "3.11"}, "python: '3.11' is not allowed; expected one of 3.12, 3.13, 3.14"),
        ({"python": 3.14}, "python: 3.14 is not allowed; expected one of 3.12, 3.13, 3.14"),
        ({"architecture": "arm"}, "architecture: 'arm' is not allowed; expected one of arm64, x86_64"),
        ({"log_retention_days": 31}, "log_retention_days: 31 is not allowed; expected one of 1, 3, 5, 7, 14, 30, 60"),
        ({"engine": "magick"}, "engine: 'magick' is not allowed; expected one of pillow, vips"),
        (
            {"cors_origins": ["https://a.com", "*", "https://a.com"]},
            "cors_origins[2]: 'https://a.com' is not allowed; expected each only once in the list",
        ),
        ({"bundle_for": "mac"}, "bundle_for: 'mac' is not allowed; expected one of lambda, this-machine"),
        ({"retain_data": "yes"}, "retain_data: 'yes' is not allowed; expected true or false"),
        ({"stack_name": "my stack"}, "stack_name: 'my stack' is not allowed; expected 1 to 64 letters"),
        ({"stack_name": "Darkroom\n"}, "stack_name: 'Darkroom\\n' is not allowed"),
        ({"key_prefix": "a b"}, "key_prefix: 'a b' is not allowed; expected at most 1,024 letters"),
        ({"key_prefix": None}, "key_prefix: None is not allowed"),
        ({"cache_control": ""}, "cache_control: '' is not allowed; expected 1 to 256 printable ASCII characters"),
        ({"cache_control": "a\r\nX: y"}, "cache_control: 'a\\r\\nX: y' is not allowed"),
        (
            {"provisioned_pollers": {"minimum": 2}, "max_concurrency": None},
            "provisioned_pollers: {'minimum': 2} is not allowed; expected null, or an object such as",
        ),
        (
            {"provisioned_pollers": {"minimum": 1, "maximum": 20}, "max_concurrency": None},
            "provisioned_pollers.minimum: 1 is not allowed; expected a whole number from 2 to 200",
        ),
        (
            {"provisioned_pollers": {"minimum": 2, "maximum": 10_001}, "max_concurrency": None},
            "provisioned_pollers.maximum: 10001 is not allowed; expected a whole number from 2 to 10000",
        ),
        (
            {"provisioned_pollers": {"minimum": 30, "maximum": 20}, "max_concurrency": None},
            "provisioned_pollers.minimum: 30 is not allowed; expected at most the maximum, 20",
        ),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_what_can(context: Mapping[str, object], said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse_config(context)

    assert str(refused.value).startswith(said)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("context", "said"),
    [
        (
            {"stack_name": "Sthree-images"},
            "stack_name: 'Sthree-images' is not allowed; expected a name that does not start with xn--, sthree-",
        ),
        (
            {"visibility_timeout_seconds": 329},
            "visibility_timeout_seconds: 329 is not allowed; expected at least function_timeout_seconds, 330",
        ),
        (
            {"queue_retention_days": 14},
            "queue_retention_days: 14 is not allowed; expected less than dead_letter_retention_days, 14",
        ),
        (
            {"removed_manifest_days": 18},
            "removed_manifest_days: 18 is not allowed; expected more than 18, the days that a message can live",
        ),
        (
            {"batch_size": 11, "batch_window_seconds": 0},
            "batch_window_seconds: 0 is not allowed; expected at least 1 with a batch_size over 10",
        ),
        (
            {"provisioned_pollers": {"minimum": 2, "maximum": 20}},
            "max_concurrency: 50 is not allowed; expected null with provisioned_pollers",
        ),
        (
            {"max_concurrency": None},
            "max_concurrency: None is not allowed; expected a whole number from 2 to 1000 unless provisioned_pollers",
        ),
        (
            {"function_timeout_seconds": 30},
            "render_seconds: 25 is not allowed; expected at most 6 with a function_timeout_seconds of 30",
        ),
        (
            {"max_source_bytes": 2 * 2**30},
            "max_source_bytes: 2147483648 is not allowed; expected at most 295960576 with a memory_mb of 1769",
        ),
        (
            {"variants": {"thumb": {"width": 320, "height": 320, "gravity": "north"}}},
            "variants.thumb.gravity: 'north' is not allowed; expected a fit of 'cover' beside it: 'inside' cuts",
        ),
        (
            {"presets": [preset("a/", t={"width": 9, "height": 9, "fit": "contain", "gravity": "east"})]},
            "presets['a/'].variants.t.gravity: 'east' is not allowed; expected a fit of 'cover' beside it: 'contain'",
        ),
        (
            {"jobs_at_once": 12},
            "max_source_bytes: 100000000 is not allowed; expected at most 98653525 with a memory_mb of 1769",
        ),
        (
            {"jobs_at_once": 33, "memory_mb": 10_240},
            "jobs_at_once: 33 is not allowed; expected a whole number from 1 to 32",
        ),
    ],
)
def test_values_that_cannot_work_together_are_refused(context: Mapping[str, object], said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse_config(context)

    assert str(refused.value).startswith(said)


def test_variants_that_do_not_fit_into_lambdas_environment_are_refused() -> None:
    fitting = {f"variant-{number}": {"width": number} for number in range(1, 16)}

    config = parse_config({"variants": fitting})

    environment = config.settings(uploads_bucket="u" * 63, derived_bucket="d" * 63).to_environment()
    assert len(json.dumps(environment)) <= MAX_ENVIRONMENT_BYTES
    with pytest.raises(
        SettingsError, match="variants: '40 variants' is not allowed; expected an environment of at most"
    ):
        parse_config({"variants": {f"variant-{number}": {"width": number} for number in range(1, 41)}})


def test_variants_may_be_in_presets_alone_and_s3_tells_only_of_their_keys() -> None:
    config = parse_config({"variants": {}, "presets": [preset("b/"), preset("a/"), preset("a/b/")]})

    assert config.notified_prefixes == ("a/", "b/")
    assert parse_config({"presets": [preset("a/")]}).notified_prefixes == ("",)
    assert parse_config({"presets": [preset("in/a/")], "key_prefix": "in/"}).notified_prefixes == ("in/",)


def test_a_bucket_has_no_more_notifications_than_s3_takes() -> None:
    """Each prefix needs one for each of three events, and S3 takes a hundred."""
    config = parse_config({"variants": {}, "presets": [preset(f"t{number}/") for number in range(50)]})

    assert len(config.notified_prefixes) <= 33
    assert all(f"t{number}/x.jpg".startswith(config.notified_prefixes) for number in range(50))


def long_presets(count: int) -> list[dict[str, Any]]:
    """Presets of keys that have little in common, each with a prefix of nearly as many characters as a key may have."""
    return [preset(f"{'ab'[number % 2]}/{number}/{'x' * 1000}/") for number in range(count)]


@pytest.mark.parametrize(
    "presets", [long_presets(33), long_presets(2), [preset(f"{n:02}/{'y' * 60}/") for n in range(33)]]
)
def test_all_prefixes_are_in_one_rule_of_eventbridge_which_has_room_for_few_characters(
    presets: list[dict[str, Any]],
) -> None:
    """Those that have most in common are one prefix: S3 tells of some more keys then, and of all that are resized."""
    config = parse_config({"uploads_bucket": {"name": "b" * 63}, "variants": {}, "presets": presets})

    found = config.notified_prefixes

    assert fits_rule("b" * 63, found)
    assert all(f"{each['prefix']}x.jpg".startswith(found) for each in presets)


def test_no_prefix_is_shortened_that_a_rule_has_room_for_nor_any_of_a_bucket_that_notifies_by_itself() -> None:
    few, many = [preset(f"{n:02}/") for n in range(33)], long_presets(33)
    by_rule = parse_config({"uploads_bucket": {"name": "photos"}, "variants": {}, "presets": few})
    by_itself = {"name": "photos", "notified_by": "notification"}

    assert len(by_rule.notified_prefixes) == 33
    for bucket in (None, by_itself):
        config = parse_config({"uploads_bucket": bucket, "variants": {}, "presets": many})
        assert len(config.notified_prefixes) == 33


def test_a_rule_has_room_for_as_many_characters_as_eventbridge_takes() -> None:
    least = len(json.dumps(event_pattern("photos", [""]), separators=(",", ":")))
    room = MAX_PATTERN_CHARACTERS - least - len(',"object":{"key":[{"prefix":""}]}')

    assert fits_rule("photos", ["x" * room])
    assert not fits_rule("photos", ["x" * (room + 1)])


@pytest.mark.parametrize(
    ("context", "told"),
    [
        (
            {"variants": {}},
            "variants: {} is not allowed; expected an object of at least one variant by its name, here or",
        ),
        ({"variants": {}, "presets": [{"prefix": "a/", "variants": {}}]}, "variants: {} is not allowed"),
        ({"presets": [preset("a/", t={"width": 0})]}, "presets['a/'].variants.t.width: 0 is not allowed"),
        (
            {"presets": [preset("out/")], "key_prefix": "in/"},
            "presets['out/'].prefix: 'out/' is not allowed; expected a prefix that starts with key_prefix, 'in/'",
        ),
        ({"presets": [preset("in/")], "key_prefix": "in/"}, "presets['in/'].prefix: 'in/' is not allowed"),
        (
            {"presets": [preset("a/", **{f"v{number}": {"width": number} for number in range(1, 41)})]},
            "presets['a/'].variants: '40 variants' is not allowed; expected an environment of at most 4096 bytes",
        ),
        (
            {"presets": [preset(f"{number * 7919 % 10**6:06}/", t={"width": number + 1}) for number in range(700)]},
            "presets: '700 presets' is not allowed; expected an environment of at most 4096 bytes",
        ),
        (
            {"presets": [preset(f"p{p}/", **{f"v{p}-{n}": {"width": 9} for n in range(9)}) for p in range(60)]},
            "presets: '543 names of variants' is not allowed; expected at most 500 in all",
        ),
    ],
)
def test_presets_that_cannot_be_are_refused_with_the_preset_that_is_at_fault(context: Any, told: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse_config(context)

    assert str(refused.value).startswith(told)


def test_fifty_presets_of_four_variants_fit_beside_the_default_variants() -> None:
    sizes = {f"v{place}": {"width": 100 * place, "quality": 70 + place} for place in range(1, 5)}

    config = parse_config({"presets": [preset(f"tenants/{number}/", **sizes) for number in range(50)]})

    assert len(config.presets) == 50


def test_a_job_stays_hidden_for_six_timeouts_and_the_window_unless_told_otherwise() -> None:
    config = replace(Config(), function_timeout_seconds=100, batch_window_seconds=5)

    assert config.visibility_seconds == 605
    assert replace(config, visibility_timeout_seconds=120).visibility_seconds == 120


@pytest.mark.parametrize(("timeout", "most"), [(330, 3), (310, 2), (900, 10), (86, 0)])
def test_an_upload_and_those_before_it_are_looked_at_in_one_invocation_however_slow(timeout: int, most: int) -> None:
    """Each may take three times 25 s by the clock, and ten seconds are for storage."""
    assert parse_config({"function_timeout_seconds": timeout, "fallback_versions": most}).fallback_versions == most
    if most < 10:
        told = (
            rf"fallback_versions: {most + 1} is not allowed; expected at most {most} with a function_timeout_seconds of"
        )
        with pytest.raises(SettingsError, match=told):
            parse_config({"function_timeout_seconds": timeout, "fallback_versions": most + 1})


def test_a_full_batch_of_the_slowest_images_fits_into_the_default_timeout() -> None:
    """The last image of the batch begins when the time of all others is used up, and may take three times its own.

    The kernel counts in whole seconds, and lets each image have two more: resize/sandbox/worker.py.
    """
    config = Config()

    last_begins = (config.batch_size - 1) * (config.render_seconds + 2)

    assert last_begins + 3 * config.render_seconds + STORAGE_SECONDS <= config.function_timeout_seconds


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
OPTIONS = ("width", "height", "fit", "gravity", "background", "format", "quality", "effort", "enlarge")
VARIANTS = st.dictionaries(
    st.sampled_from(["a", "thumb", "manifests"]) | st.text(max_size=8),
    st.dictionaries(st.sampled_from(OPTIONS), JSON_VALUES | st.integers(0, 200), max_size=4) | JSON_VALUES,
    max_size=3,
)
CONTEXTS = st.dictionaries(st.sampled_from(SETTINGS), JSON_VALUES | VARIANTS | JSON_VALUES.map(json.dumps), max_size=3)


def outcome_of(context: Mapping[str, object]) -> Config | SettingsError:
    try:
        return parse_config(context)
    except SettingsError as refused:
        return refused


@given(context=CONTEXTS)
@example(context={"memory_mb": "1" * 5000})
@example(context={"variants": "[" * 100_000})
@settings(database=None, deadline=None, max_examples=200)
def test_whatever_is_configured_gives_a_configuration_or_says_what_is_allowed(context: dict[str, Any]) -> None:
    outcome = outcome_of(context)

    assert isinstance(outcome, Config) or "is not allowed; expected" in str(outcome)


@given(key=st.text(), value=JSON_VALUES)
@settings(database=None, deadline=None)
def test_a_name_that_is_neither_a_setting_nor_the_cdks_is_refused_in_one_line(key: str, value: object) -> None:
    outcome = outcome_of({key: value})

    known = key in SETTINGS or any(mark in key for mark in "@:/")
    assert known or len(str(outcome).splitlines()) == 1


@given(
    setting=st.sampled_from(
        [setting for setting in SETTINGS if setting.endswith(("_days", "_seconds", "_size", "_mb"))]
    )
)
@settings(database=None, deadline=None)
def test_a_number_may_come_as_text(setting: str) -> None:
    value = getattr(Config(), setting)

    assert parse_config({setting: json.dumps(value)}) == parse_config({setting: value})
