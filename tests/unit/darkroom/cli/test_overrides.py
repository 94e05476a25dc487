"""Settings of a command line: read as the CDK reads them, and blamed for what they are to blame for."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from darkroom.cli.overrides import check_overrides, local_settings, read_context_options
from darkroom.errors import UsageError
from darkroom.local import synthesis
from darkroom.local.synthesis import configuration, local_overrides
from resize.imaging.engine import Engine


def test_a_value_is_what_the_cdk_would_take_it_for_and_the_last_of_a_name_counts() -> None:
    given = local_settings(["engine=pillow", "memory_mb=3008", "key_prefix=2024/", "stack_name=A1", "engine=vips"])

    config = configuration(local_overrides() | given)

    assert (config.engine, config.memory_mb) == (Engine.VIPS, 3008)
    assert (config.key_prefix, config.stack_name) == ("2024/", "A1")


def test_a_value_may_hold_equals_signs() -> None:
    assert read_context_options(["cache_control=max-age=1"]) == {"cache_control": "max-age=1"}


@pytest.mark.parametrize(
    ("context", "told"),
    [
        (["memory_mb=1"], "-c memory_mb=1: memory_mb: 1 is not allowed"),
        (["engin=vips"], "-c engin=vips: engin: 'vips' is not allowed; expected the name of a setting; the nearest is"),
        (["memory_mb=1024", "jobs_at_once=32"], "-c memory_mb=1024 -c jobs_at_once=32: max_source_bytes: 100000000 is"),
        (['variants={"a":{}}'], '-c variants={"a":{}}: variants.a'),
        (["=1"], "-c '=1' is no setting and its value. Write it like memory_mb=3008."),
        (["bundle_for=lambda"], "-c bundle_for=lambda cannot be on this machine. Leave it out."),
        (["monitoring=true"], "-c monitoring=true cannot be on this machine. Leave it out."),
    ],
)
def test_what_cannot_be_is_blamed_on_the_option_that_says_it(context: list[str], told: str) -> None:
    with pytest.raises(UsageError) as raised:
        local_settings(context)

    assert str(raised.value).startswith(told)


def test_variants_that_do_not_fit_into_the_function_are_blamed_on_their_file(tmp_path: Path) -> None:
    file = tmp_path / "many.json"
    file.write_text(json.dumps({f"variant-{number:03}": {"width": 1 + number} for number in range(120)}))

    with pytest.raises(UsageError) as raised:
        local_settings(None, file)

    assert str(raised.value).startswith(f"--variants '{file}': variants: ")


def test_variants_cannot_be_said_twice(tmp_path: Path) -> None:
    (tmp_path / "tiny.json").write_text('{"tiny": {"width": 16}}')

    with pytest.raises(UsageError, match="say two things"):
        local_settings(['variants={"a":{"width":1}}'], tmp_path / "tiny.json")


def test_cdk_json_is_blamed_where_it_alone_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cdk.json").write_text('{"context": {"batch_size": 0}}')
    monkeypatch.setattr(synthesis, "PROJECT", tmp_path)

    with pytest.raises(UsageError, match=r"^cdk\.json: batch_size: 0 is not allowed"):
        check_overrides({"memory_mb": "3008"}, {"memory_mb": "-c memory_mb=3008"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, r"cannot be read: No such file or directory\. `git checkout cdk.json` brings"),
        ('{"context": {', "expected JSON"),
        ("[]", "expected a JSON object"),
        ('{"context": {"batch_size": 0}}', "batch_size: 0 is not allowed"),
    ],
)
@pytest.mark.parametrize("read", [lambda: local_settings(None), lambda: synthesis.checked_configuration({})])
def test_a_missing_or_broken_cdk_json_is_told_in_a_sentence_by_whatever_reads_it(
    text: str | None,
    said: str,
    read: Callable[[], object],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if text is not None:
        (tmp_path / "cdk.json").write_text(text)
    monkeypatch.setattr(synthesis, "PROJECT", tmp_path)

    with pytest.raises(UsageError, match=rf"^cdk\.json: .*{said}"):
        read()
