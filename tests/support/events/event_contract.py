"""The published schema of events, and a guard that holds every event against it that any test has written."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource

from contract.image_event import ImageEvent

DOCS = Path(__file__).parents[3] / "docs"


def event_validator() -> jsonschema.Draft202012Validator:
    """A validator of events, their manifests and their formats among it."""
    schema = json.loads((DOCS / "image-event.schema.json").read_text(encoding="utf-8"))
    manifest = json.loads((DOCS / "manifest.schema.json").read_text(encoding="utf-8"))
    registry: Registry[Any] = Registry().with_resource("manifest.schema.json", Resource.from_contents(manifest))
    return jsonschema.Draft202012Validator(schema, registry=registry)


@contextmanager
def events_held_against_the_schema() -> Iterator[None]:
    """For as long as this lasts, writing an event that the schema does not allow fails whoever writes it."""
    validator, write = event_validator(), ImageEvent.to_json

    def to_json(event: ImageEvent) -> str:
        written = write(event)
        faults = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(json.loads(written))]
        if faults:
            raise AssertionError(f"The published schema does not allow this event: {faults}")
        return written

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ImageEvent, "to_json", to_json)
        yield
