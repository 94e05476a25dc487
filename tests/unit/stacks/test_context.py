"""cdk.json as people wrote it, and over it what the CDK's command line hands on."""

import json
from pathlib import Path

import pytest

from contract.errors import SettingsError
from stacks.config.context import parse_json, read_context


def written(folder: Path, text: str) -> Path:
    cdk_json = folder / "cdk.json"
    cdk_json.write_text(text, encoding="utf-8")
    return cdk_json


def test_the_context_of_cdk_json_is_read_with_its_nulls(tmp_path: Path) -> None:
    cdk_json = written(tmp_path, '{"app": "x", "context": {"memory_mb": 2048, "provisioned_pollers": null}}')

    assert read_context(cdk_json, {}) == {"memory_mb": 2048, "provisioned_pollers": None}


def test_the_command_line_overrides_cdk_json_setting_by_setting(tmp_path: Path) -> None:
    cdk_json = written(tmp_path, '{"context": {"memory_mb": 2048, "batch_size": 5}}')
    environment = {"CDK_CONTEXT_JSON": '{"memory_mb": "3008", "aws:cdk:version-reporting": true}'}

    assert read_context(cdk_json, environment) == {
        "memory_mb": "3008",
        "batch_size": 5,
        "aws:cdk:version-reporting": True,
    }


def test_what_the_command_line_could_not_fit_into_a_variable_is_read_from_its_file(tmp_path: Path) -> None:
    cdk_json = written(tmp_path, '{"context": {"batch_size": 5}}')
    overflow = tmp_path / "overflow.json"
    overflow.write_text(json.dumps({"batch_size": 7}))
    environment = {"CDK_CONTEXT_JSON": '{"batch_size": 6}', "CONTEXT_OVERFLOW_LOCATION_ENV": str(overflow)}

    assert read_context(cdk_json, environment) == {"batch_size": 7}


def test_a_cdk_json_without_context_has_no_settings(tmp_path: Path) -> None:
    assert read_context(written(tmp_path, "{}"), {}) == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file: '' is not allowed; expected JSON (Expecting value"),
        ('{\n  "context": {,}\n}', "the file: '\"context\": {,}' is not allowed; expected JSON"),
        ("[]", "the file: [] is not allowed; expected a JSON object"),
        ('{"context": []}', "context: [] is not allowed; expected an object of settings"),
        ('{"context": {"memory_mb": NaN}}', "NaN is not JSON"),
        (
            '{"context": {"batch_size": 1, "batch_size": 2}}',
            "batch_size: 2 is not allowed; expected each name only once",
        ),
        ('{"context": {"variants": {"a": {"width": 1}, "a": {"width": 2}}}}', "a: {'width': 2} is not allowed"),
        ("[" * 100_000, "nested too deeply"),
        ('{"context": {"batch_size": ' + "1" * 5000 + "}}", "is not allowed; expected JSON (Exceeds the limit"),
    ],
)
def test_a_cdk_json_that_cannot_be_read_is_refused_with_the_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_context(written(tmp_path, text), {})

    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_missing_cdk_json_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cdk\.json' cannot be read: No such file or directory\. `git checkout"):
        read_context(tmp_path / "cdk.json", {})


def test_a_cdk_json_that_is_not_text_is_refused(tmp_path: Path) -> None:
    cdk_json = tmp_path / "cdk.json"
    cdk_json.write_bytes(b"\xff\xfe{}")

    with pytest.raises(SettingsError, match="cannot be read: it is not UTF-8"):
        read_context(cdk_json, {})


def test_what_is_too_long_to_be_read_is_named_by_its_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        read_context(written(tmp_path, "[" * 100_000), {})

    assert len(str(refused.value)) < 300


def test_an_override_that_is_not_json_is_named_by_its_variable(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="CDK_CONTEXT_JSON: 'memory_mb=1' is not allowed"):
        read_context(written(tmp_path, "{}"), {"CDK_CONTEXT_JSON": "memory_mb=1"})


@pytest.mark.parametrize("text", ['{"a": 1, "a": 1}', '[{"b": {"a": 1, "a": 2}}]'])
def test_a_name_that_stands_twice_is_refused_at_every_depth(text: str) -> None:
    with pytest.raises(SettingsError, match="expected each name only once"):
        parse_json(text)


def test_json_that_names_a_key_in_two_objects_is_fine() -> None:
    assert parse_json('[{"a": 1}, {"a": {"a": 2}}]') == [{"a": 1}, {"a": {"a": 2}}]
