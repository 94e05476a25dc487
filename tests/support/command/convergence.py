"""Is the derived bucket what the uploads bucket says? Asked once no message is left."""

import io
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageStat

from contract.keys import MANIFESTS, manifest_key
from darkroom.pipeline.client import Pipeline
from resize.derived_bucket import ORDER
from resize.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Renditions of one color differ from their source by what lossy encoders do to it: 0 to 255.
_COLOR_TOLERANCE = 12


@dataclass(frozen=True, slots=True)
class Derived:
    """A derived object as its bucket lists it: bytes, and the ETag without quotes, which is their MD5."""

    size: int
    etag: str


def assert_converged(pipeline: Pipeline, prefix: str = "") -> None:
    """Hold the derived bucket against the uploads bucket, for all keys that begin so.

    Every live key has a manifest of its newest version. If that is an image there are all its variants, of its color,
    with the lengths and ETags that the manifest tells; if not, it is rejected, and there are those of the newest image
    before it, down to a delete marker. There is nothing else: no rendition of another version or of a deleted key,
    whose manifest says "removed". Images are of one color.
    """
    s3: S3Client = pipeline.client("s3")
    live = {item["Key"] for item in _objects(s3, pipeline.uploads_bucket, prefix)}
    derived = _derived(s3, pipeline.derived_bucket, prefix)
    manifests = {key: _manifest(s3, pipeline, key) for key in derived if key.startswith(f"{MANIFESTS}/")}
    settings = _settings(pipeline)

    assert set(map(manifest_key, live)) <= set(manifests), "a live key has no manifest"
    listed = set()
    for manifest in manifests.values():
        key = manifest["source"]["key"]
        for each in manifest["renditions"]:
            assert Derived(each["bytes"], each["etag"]) == derived.get(each["key"]), f"{each} of {key!r}"
            listed.add(each["key"])
        if key in live:
            _assert_describes(s3, pipeline, manifest, settings)
        else:
            assert manifest["outcome"] == "removed", f"{key!r} is deleted: {manifest}"
            assert manifest["renditions"] == [], f"{key!r} is deleted: {manifest}"
    assert set(derived) - set(manifests) == listed, "nobody's renditions"


def _assert_describes(s3: "S3Client", pipeline: Pipeline, manifest: dict[str, Any], settings: Settings) -> None:
    key, renditions = manifest["source"]["key"], manifest["renditions"]
    source = s3.get_object(Bucket=pipeline.uploads_bucket, Key=key)
    version_id = source.get("VersionId")  # none where the bucket keeps no versions
    color = _color(source["Body"].read())
    assert manifest["source"]["version_id"] == version_id, f"{key!r} is of an old version: {manifest}"
    assert manifest["source"]["etag"] == source["ETag"].strip('"')
    assert manifest["outcome"] == ("resized" if color else "rejected"), f"{key!r}: {manifest}"
    shown = manifest["shown"]
    if color is None:
        version, color = _good_before(s3, pipeline.uploads_bucket, key, version_id, settings.fallback_versions)
        assert (shown["version_id"] if shown else None) == version, f"{key!r} shows another version: {manifest}"
    else:
        assert shown is None, f"{key!r}: {manifest}"
    variants = {variant.name for variant in settings.variants_for(key)} if color else set()
    assert {each["variant"] for each in renditions} == variants, f"{key!r}: {manifest}"
    for each in renditions:
        found = s3.get_object(Bucket=pipeline.derived_bucket, Key=each["key"])
        shown = _color(found["Body"].read())
        assert shown is not None, f"{each['key']!r} is no image"
        assert color is not None
        differs = max(abs(one - other) for one, other in zip(color, shown, strict=True))
        assert differs <= _COLOR_TOLERANCE, f"{each['key']!r} shows {shown}, not {color}"
        assert found["ContentType"] == each["content_type"]
        assert found["Metadata"][ORDER].startswith(f"{manifest['source']['sequencer']}."), f"{each['key']!r}"


def _settings(pipeline: Pipeline) -> Settings:
    """What the function is told to make of each image."""
    return Settings.from_environment(pipeline.function_environment())


def _good_before(
    s3: "S3Client", bucket: str, key: str, version_id: str | None, most: int
) -> tuple[str | None, tuple[float, ...] | None]:
    """Find the newest image among so many versions before one, and its color; none behind a delete marker."""
    if version_id is None:
        return None, None
    pages = s3.get_paginator("list_object_versions").paginate(
        Bucket=bucket, Prefix=key, PaginationConfig={"PageSize": 1}
    )
    older = itertools.dropwhile(lambda page: _version_in(page, key) != version_id, pages)
    versions = itertools.takewhile(lambda version: version is not None, (_version_in(page, key) for page in older))
    for version in itertools.islice(versions, 1, 1 + most):
        color = _color(s3.get_object(Bucket=bucket, Key=key, VersionId=str(version))["Body"].read())
        if color:
            return version, color
    return None, None


def _version_in(page: Any, key: str) -> str | None:
    """The version on a page of one entry; None where that is a delete marker, or of another key."""
    return next((each["VersionId"] for each in page.get("Versions", []) if each["Key"] == key), None)


def _derived(s3: "S3Client", bucket: str, prefix: str) -> dict[str, Derived]:
    """Every derived object of these keys, whatever the variant: the folder comes before the key."""
    folders = s3.list_objects_v2(Bucket=bucket, Delimiter="/").get("CommonPrefixes", [])
    return {
        item["Key"]: Derived(item["Size"], item["ETag"].strip('"'))
        for folder in folders
        for item in _objects(s3, bucket, f"{folder['Prefix']}{prefix}")
    }


def _objects(s3: "S3Client", bucket: str, prefix: str) -> Iterator[Any]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        yield from page.get("Contents", [])


def _manifest(s3: "S3Client", pipeline: Pipeline, key: str) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(s3.get_object(Bucket=pipeline.derived_bucket, Key=key)["Body"].read())
    return manifest


def _color(body: bytes) -> tuple[float, ...] | None:
    """The mean red, green and blue, or None if it is no image."""
    try:
        with Image.open(io.BytesIO(body)) as image:
            return tuple(ImageStat.Stat(image.convert("RGB")).mean)
    except OSError:
        return None
