"""Events: what is written is what the published schema says, and fits into a message of SQS."""

import json
from dataclasses import replace

import pytest

from contract.image_event import ImageEvent
from contract.keys import rendition_key
from contract.manifest import Manifest
from support.command.manifests import manifest, rendition, source
from support.events.event_contract import event_validator

# docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html: "1 MiB or 1,048,576 bytes"
MOST_BYTES = 2**20
VARIANTS = 24


def event(key: str = "photo.jpg", *, told: Manifest | None = None, revision: int = 7) -> ImageEvent:
    text = (told or manifest(rendition())).to_json()
    return ImageEvent(source="/darkroom/1/eu-west-1/Darkroom", key=key, revision=revision, manifest=text)


def test_an_event_tells_its_key_its_number_and_its_manifest() -> None:
    told = json.loads(event().to_json())

    assert (told["type"], told["subject"]) == ("io.darkroom.image.resized.v1", "photo.jpg")
    assert told["sequence"] == "000000000007"
    assert told["time"] == "2026-11-23T20:50:01.250+00:00"
    assert Manifest.from_json(json.dumps(told["data"]).encode()) == manifest(rendition())


def test_an_event_has_the_same_id_however_often_it_is_made_and_another_for_another_manifest() -> None:
    assert event().id == event().id
    assert len({event().id, event("other.jpg").id, event(told=manifest()).id}) == 3


def test_events_of_a_key_are_one_group_and_those_of_another_key_another() -> None:
    assert event().group == event(told=manifest()).group
    assert event().group != event("other.jpg").group


@pytest.mark.parametrize("key", ["a\x00b", "a\x1fb", "a\ufffe", "\U0001f4f7 né.jpg"])
def test_an_event_of_any_key_has_only_characters_that_sqs_takes(key: str) -> None:
    text = event(key).to_json()

    assert all(" " <= character <= "~" for character in text)
    assert json.loads(text)["subject"] == key


@pytest.mark.parametrize("letter", ["\x01", "é", "€", "\U0001f4f7", "a"])
def test_the_longest_event_of_24_variants_fits_into_a_message(letter: str) -> None:
    """Each listed, delivered, and replaced, under the longest key: of the letter that takes most room."""
    key = letter * (1024 // len(letter.encode()))
    names = [f"{number:032}" for number in range(VARIANTS)]
    keys = [rendition_key(name, key, "webp") for name in names]
    listed = [
        rendition(name, key=each, width=width) for width, (name, each) in enumerate(zip(names, keys, strict=True), 2)
    ]
    told = replace(
        manifest(*listed),
        source=source(key),
        replaced=dict.fromkeys((f"{each}x" for each in keys), "0" * 32),
        base_url=f"https://{'d' * 253}",
    )

    assert len(event(key, told=told).to_json()) < MOST_BYTES


def test_an_event_with_members_that_are_not_known_is_one_still_and_its_manifest_reads_back() -> None:
    told = json.loads(event().to_json())
    told["data"]["source"]["camera"] = told["data"]["renditions"][0]["hash"] = told["data"]["blurhash"] = "new"
    told["traceparent"] = "new"

    assert list(event_validator().iter_errors(told)) == []
    assert Manifest.from_json(json.dumps(told["data"]).encode()) == manifest(rendition())


@pytest.mark.parametrize("member", ["id", "source", "type", "subject", "time", "partitionkey", "sequence", "data"])
def test_an_event_without_a_member_is_none(member: str) -> None:
    told = json.loads(event().to_json())
    del told[member]

    assert [error.validator for error in event_validator().iter_errors(told)] == ["required"]


def test_an_event_whose_manifest_is_none_is_not_one() -> None:
    told = json.loads(event().to_json())
    del told["data"]["renditions"]

    assert list(event_validator().iter_errors(told)) != []
