"""Manifests: what is written is what the published schema says, and reads back."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from builders.manifests import manifest, rendition
from resize.errors import Reason
from resize.manifest import Manifest, Outcome, srcset

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "manifest.schema.json").read_text(encoding="utf-8"))

MANIFESTS = {
    "resized": manifest(rendition("large"), rendition("thumb", width=320, whole=False)),
    "rejected": replace(manifest(), outcome=Outcome.REJECTED, reason=Reason.CORRUPT, detail="cut off"),
    "removed": replace(manifest(), outcome=Outcome.REMOVED, dominant_colour=None, thumbhash=None),
    "of a key that had one": replace(manifest(), replaced={"thumb/photo.jpg.webp": "e0"}),
}


@pytest.mark.parametrize("example", MANIFESTS.values(), ids=MANIFESTS)
def test_a_manifest_is_what_its_schema_says(example: Manifest) -> None:
    validator = jsonschema.Draft202012Validator(SCHEMA)

    assert list(validator.iter_errors(json.loads(example.to_json()))) == []


def test_the_schema_knows_every_reason() -> None:
    assert set(SCHEMA["properties"]["reason"]["enum"]) == {*Reason, None}


def test_the_schema_describes_no_member_that_no_manifest_has() -> None:
    assert set(SCHEMA["properties"]) == set(json.loads(manifest().to_json()))


@pytest.mark.parametrize("example", MANIFESTS.values(), ids=MANIFESTS)
def test_a_manifest_reads_back(example: Manifest) -> None:
    assert Manifest.from_json(example.to_json()) == example


@pytest.mark.parametrize(
    "text",
    [b"", b"\xff", b"[]", b"null", b"{}", b'{"schema": 2}', b'{"schema": 1}', b'{"schema": 1, "outcome": "odd"}'],
)
def test_what_is_no_manifest_of_this_schema_is_told(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"manifest|JSON|Expecting|utf-8|Outcome"):
        Manifest.from_json(text)


def test_a_srcset_holds_the_whole_renditions_widest_first() -> None:
    renditions = (
        rendition("small", width=400),
        rendition("large", width=1600),
        rendition("thumb", width=320, whole=False),
    )

    assert srcset(renditions) == "large/photo.jpg.webp 1600w, small/photo.jpg.webp 400w"


def test_a_srcset_has_one_address_a_width() -> None:
    assert srcset((rendition("large", width=300), rendition("medium", width=300))) == "large/photo.jpg.webp 300w"


def test_the_addresses_of_a_srcset_are_percent_encoded() -> None:
    assert srcset((rendition(key="large/a b,c ü.webp"),)) == "large/a%20b%2Cc%20%C3%BC.webp 1600w"


@pytest.mark.parametrize("replaced", ['"no"', "[]", '{"large/photo.jpg.webp": 1}'])
def test_a_manifest_that_names_what_it_replaced_in_another_shape_is_told(replaced: str) -> None:
    text = manifest().to_json().replace(b'"replaced": null', f'"replaced": {replaced}'.encode())

    with pytest.raises(ValueError, match="replaced is"):
        Manifest.from_json(text)


@pytest.mark.parametrize("version_id", ["v1", None, "null"])
def test_a_manifest_proves_to_be_of_a_version_that_has_an_id_of_its_own(version_id: str | None) -> None:
    about = replace(manifest(), source=replace(manifest().source, version_id=version_id))

    assert about.is_of(version_id, "e1") is (version_id == "v1")
    assert not about.is_of(version_id, "e2")
    assert not about.is_of("v2", "e1")
    assert not replace(about, outcome=Outcome.REMOVED).is_of(version_id, "e1")
