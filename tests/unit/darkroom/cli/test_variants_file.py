"""The variants that a person gives."""

from pathlib import Path

import pytest

from darkroom.cli.options import read_variants
from darkroom.errors import UsageError
from resize.imaging.variants import Format, Variant, variants_to_json


def test_variants_are_read_with_every_option_that_has_a_value(tmp_path: Path) -> None:
    file = tmp_path / "tiny.json"
    file.write_text('{"tiny": {"width": 64, "format": "avif"}}')

    read = read_variants(file)

    tiny = Variant(name="tiny", width=64, format=Format.AVIF)
    assert read == {"variants": variants_to_json((tiny,)), "presets": []}
    assert "fit" in variants_to_json((tiny,))["tiny"]
    assert "quality" not in variants_to_json((tiny,))["tiny"]


def test_a_file_of_presets_holds_them_beside_the_variants_of_all_other_keys(tmp_path: Path) -> None:
    file = tmp_path / "presets.json"
    file.write_text('{"presets": [{"prefix": "avatars/", "variants": {"tiny": {"width": 64}}}]}')

    read = read_variants(file)

    tiny = variants_to_json((Variant(name="tiny", width=64),))
    assert read == {"variants": {}, "presets": [{"prefix": "avatars/", "variants": tiny}]}


def test_the_setting_itself_may_be_copied_from_cdk_json(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text('{"variants": {"tiny": {"width": 64}}}')

    assert read_variants(file) == {"variants": variants_to_json((Variant(name="tiny", width=64),)), "presets": []}


def test_variants_may_be_called_presets_and_variants(tmp_path: Path) -> None:
    file = tmp_path / "named.json"
    file.write_text('{"presets": {"width": 64}, "variants": {"width": 32}}')

    assert read_variants(file)["variants"] == variants_to_json(
        (Variant(name="presets", width=64), Variant(name="variants", width=32))
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"tiny": {"width": 0}}', "variants.tiny.width: 0 is not allowed; expected a whole number from 1 to"),
        ('{"tiny": {"size": 9}}', "variants.tiny: 'size' is not allowed; expected one of the options width, height"),
        ('{"a": {"width": 1}, "a": {"width": 2}}', "a: {'width': 2} is not allowed; expected each name only once"),
        ("{}", "variants: {} is not allowed; expected an object of at least one variant by its name"),
        ("[1]", "variants: [1] is not allowed"),
        (
            '{"presets": [{"prefix": "a/", "variants": {"tiny": {"width": 0}}}]}',
            "presets['a/'].variants.tiny.width: 0 is not allowed; expected a whole number from 1 to",
        ),
        ('{"presets": [], "variants": {}, "engine": "vips"}', "engine: 'vips' is not allowed; expected nothing but"),
        ('{"variants": {"tiny": {"width": 0}}}', "variants.tiny.width: 0 is not allowed"),
        ('{"variants": {"tiny": {"width": 9}}, "preset": []}', "preset: [] is not allowed; expected nothing but"),
        ('{"presets": {"a/": {"tiny": {"width": 9}}}}', "is not allowed; expected a list of objects such as"),
        ("{tiny: 1}", "is not JSON: "),
        ("", "is not JSON: "),
        ("[" * 100_000, "is not JSON: nested too deeply"),
    ],
)
def test_what_is_wrong_is_named_with_its_file(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "tiny.json"
    file.write_text(text)

    with pytest.raises(UsageError) as raised:
        read_variants(file)

    assert str(raised.value).startswith(f"--variants {str(file)!r}")
    assert told in str(raised.value)


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    file = tmp_path / "photo.jpg"
    file.write_bytes(b"\xff\xd8\xff")

    with pytest.raises(UsageError, match=r"photo\.jpg' is not JSON: .+ Write it like \{"):
        read_variants(file)


@pytest.mark.parametrize(("name", "why"), [("missing.json", "No such file or directory"), (".", "Is a directory")])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, why: str) -> None:
    with pytest.raises(UsageError, match=f"cannot be read: {why}. Check the path"):
        read_variants(tmp_path / name)
