"""What tests of jobs do again and again: render nothing, count requests, spoil a manifest."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from contract.errors import Reason
from resize.errors import ImageRejectedError
from resize.imaging.rendition import Rendered
from resize.uploads_bucket import SourceObject
from support.function.buckets import Buckets

THUMB = "thumb/cat.jpg.webp"


LARGE = "large/cat.jpg.webp"


def refuse(_: bytes) -> Rendered:
    """Render nothing: the image is broken."""
    raise ImageRejectedError(Reason.CORRUPT, "cut off")


def must_not_render(_: bytes) -> Rendered:
    """Fail the test if anything is rendered."""
    raise AssertionError("rendered")


def calls(world: Buckets, deliver: Callable[[], object]) -> list[str]:
    """The S3 operations that a delivery makes."""
    made: list[str] = []
    world.client.meta.events.register("before-call.s3", lambda model, **_: made.append(model.name), unique_id="calls")
    deliver()
    world.client.meta.events.unregister("before-call.s3", unique_id="calls")
    return made


def original(size: int, body: bytes) -> SourceObject:
    """What S3 gives of an upload, which has so many bytes as it says."""
    return SourceObject(version_id=None, etag="", size=size, modified=datetime.now(UTC), body=BytesIO(body))


def rewrite(world: Buckets, key: str, **members: Any) -> None:
    """Change a manifest, as another version of Darkroom would have written it."""
    body = json.dumps(world.manifest(key) | members).encode()
    world.client.put_object(Bucket="derived", Key=f"manifests/{key}.json", Body=body)
