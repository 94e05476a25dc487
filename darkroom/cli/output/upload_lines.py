"""Writes a line about each upload: for a person, and as JSON."""

import json

from darkroom.cli.output.results import describe
from darkroom.text import printable
from darkroom.uploads.explanations import FAILURES, REJECTIONS
from darkroom.uploads.outcomes import Result
from darkroom.uploads.upload import Uploaded

_WORD_CHARACTERS = 10


def upload_json(uploaded: Uploaded) -> str:
    """Write an upload as one line of JSON."""
    return json.dumps(_members(uploaded))


def outcome_json(result: Result) -> str:
    """Write an upload and its outcome as one line of JSON."""
    manifest = result.manifest
    return json.dumps(
        _members(result.upload)
        | {
            "outcome": result.word,
            "reason": result.reason,
            "variants": {
                rendition.variant: {
                    "key": rendition.key,
                    "width": rendition.width,
                    "height": rendition.height,
                    "bytes": rendition.bytes,
                }
                for rendition in (manifest.renditions if manifest else ())
            },
            "ms": manifest.times.milliseconds if manifest else None,
        }
    )


def outcome_line(result: Result) -> str:
    """Write an upload and its outcome for a person: its variants, or why there are none."""
    return f"{result.word:{_WORD_CHARACTERS}}{printable(result.upload.source.key)}  {_rest(result)}".rstrip()


def _rest(result: Result) -> str:
    manifest = result.manifest
    if result.failure:
        return f"{result.failure}: {FAILURES[result.failure].sentence}"
    if manifest and manifest.reason:
        explanation = REJECTIONS.get(manifest.reason)
        why = f"{manifest.reason}: {printable(manifest.detail or '')}"
        return f"{why}; {explanation.advice}" if explanation else why
    renditions = manifest.renditions if manifest else ()
    return ", ".join(f"{rendition.variant} {describe(rendition)}" for rendition in renditions)


def _members(uploaded: Uploaded) -> dict[str, object]:
    return {
        "file": str(uploaded.source.path),
        "key": uploaded.source.key,
        "version_id": uploaded.version_id,
        "unchanged": uploaded.unchanged,
    }
