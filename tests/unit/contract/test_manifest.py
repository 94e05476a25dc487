"""Manifests: what is written is what the published schema says, and reads back."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from contract.errors import Reason
from contract.manifest import SCHEMA as LATEST
from contract.manifest import LaterSchemaError, Manifest, Outcome, srcset
from support.command.manifests import manifest, rendition

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "manifest.schema.json").read_text(encoding="utf-8"))
SCHEMA_AFTER = LATEST + 1

MANIFESTS = {
    "resized": manifest(rendition("large"), rendition("thumb", width=320, whole=False)),
    "rejected": replace(manifest(), outcome=Outcome.REJECTED, reason=Reason.CORRUPT, detail="cut off"),
    "removed": replace(manifest(), outcome=Outcome.REMOVED, dominant_colour=None, thumbhash=None),
    "delivered": replace(manifest(rendition("large")), base_url="https://images.example.com"),
    "delivered, of nothing": replace(manifest(), base_url="https://images.example.com"),
    "of a key that had one": replace(manifest(), replaced={"thumb/photo.jpg.webp": "e0"}),
}


@pytest.mark.parametrize("example", MANIFESTS.values(), ids=MANIFESTS)
def test_a_manifest_is_what_its_schema_says(example: Manifest) -> None:
    validator = jsonschema.Draft202012Validator(SCHEMA)

    assert list(validator.iter_errors(json.loads(example.to_json()))) == []


def test_the_schema_knows_every_reason() -> None:
    assert set(SCHEMA["$defs"]["reason"]["enum"]) == {*Reason, None}


def test_the_schema_describes_the_members_that_a_manifest_has_and_no_others() -> None:
    written = json.loads(MANIFESTS["resized"].to_json())

    assert set(SCHEMA["properties"]) == set(written)
    assert set(SCHEMA["$defs"]["upload"]["properties"]) == set(written["source"])
    assert set(SCHEMA["properties"]["renditions"]["items"]["properties"]) == set(written["renditions"][0])
    assert set(SCHEMA["properties"]["times"]["properties"]) == set(written["times"])
    delivered = json.loads(MANIFESTS["delivered"].to_json())
    assert set(SCHEMA["properties"]["delivery"]["properties"]) == set(delivered["delivery"])


@pytest.mark.parametrize("example", MANIFESTS.values(), ids=MANIFESTS)
def test_a_manifest_reads_back(example: Manifest) -> None:
    assert Manifest.from_json(example.to_json()) == example


@pytest.mark.parametrize(
    "text",
    [
        *(
            b"",
            b"\xff",
            b"[]",
            b"null",
            b"{}",
            b'{"schema": "2"}',
            b'{"schema": 0}',
            b'{"schema": 2}',
            b'{"schema": 1}',
        ),
        *(b'{"schema": 1, "outcome": "odd"}', b'{"schema": 9}', b'{"schema": 9, "source": 7, "generation": 1}'),
        b'{"schema": 9, "source": {"sequencer": "not hex"}, "generation": 1}',
        b'{"schema": 9, "source": {"sequencer": "AB"}}',
    ],
)
def test_what_is_no_manifest_is_told(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"manifest|JSON|Expecting|utf-8"):
        Manifest.from_json(text)


def changed(example: Manifest, *path: str | int, to: object) -> bytes:
    """A manifest as another version might write it: another value at a path, or a member more."""
    members = container = json.loads(example.to_json())
    for step in path[:-1]:
        container = container[step]
    container[path[-1]] = to
    return json.dumps(members).encode()


@pytest.mark.parametrize("schema", [1, 2, 3])
@pytest.mark.parametrize("path", [("new",), ("source", "new"), ("times", "new"), ("renditions", 0, "new")])
def test_a_member_that_is_not_known_is_ignored_at_every_level(path: tuple[str | int, ...], schema: int) -> None:
    example = MANIFESTS["resized"]
    members = json.loads(changed(example, *path, to={"anything": [1]})) | {"schema": schema}

    assert Manifest.from_json(json.dumps(members).encode()) == example


def test_a_manifest_of_schema_1_is_read_with_what_it_has() -> None:
    example = MANIFESTS["resized"]
    members = json.loads(example.to_json()) | {"schema": 1}
    for name in ("source_expired", "shown", "preset", "delivery"):
        del members[name]
    for upload in (members["source"], *members["renditions"]):
        upload.pop("frames")

    read = Manifest.from_json(json.dumps(members).encode())

    assert read == example
    assert read.source.frames is None


@pytest.mark.parametrize(("member", "word"), [("outcome", "postponed"), ("reason", "too_beautiful")])
def test_an_outcome_or_a_reason_of_a_later_version_is_kept_as_it_is(member: str, word: str) -> None:
    read = Manifest.from_json(changed(MANIFESTS["rejected"], member, to=word))

    assert getattr(read, member) == word
    assert read.order == MANIFESTS["rejected"].order


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("outcome",), ["resized", "rejected"]),
        (("outcome",), "\x1b[2J"),
        (("times",), "today"),
        (("renditions",), {"large": {}}),
        (("source", "width"), "100 %"),
    ],
)
def test_of_a_later_schema_that_has_changed_its_order_recipe_and_etags_are_read(
    path: tuple[str, ...], value: object
) -> None:
    example = MANIFESTS["resized"]
    members = json.loads(changed(example, *path, to=value)) | {"schema": SCHEMA_AFTER}

    with pytest.raises(LaterSchemaError, match=f"schema {SCHEMA_AFTER}") as later:
        Manifest.from_json(json.dumps(members).encode())

    header = later.value.header
    assert (header.order, header.recipe) == (example.order, example.recipe)
    assert header.etags == ({} if path == ("renditions",) else example.etags)


def test_what_this_schema_says_otherwise_is_no_manifest_of_it() -> None:
    with pytest.raises(ValueError, match="schema 2: width of another type"):
        Manifest.from_json(changed(MANIFESTS["resized"], "source", "width", to="100 %"))


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
