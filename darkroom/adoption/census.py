"""Count what lies in a bucket, folder by folder, in constant memory."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from contract.keys import is_folder_marker
from darkroom.backfill.listing import ARCHIVE_CLASSES
from darkroom.errors import aws_errors
from resize.imaging.presets import find_preset

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef

    from resize.imaging.presets import Preset

# By which the names of files end that are images that this pipeline reads.
_IMAGES = ("jpg", "jpeg", "png", "gif", "webp", "avif", "heic", "heif", "tif", "tiff", "bmp", "dib", "jfif", "apng")
# Of a bucket without folders, or with one for each user, a person reads no more than this.
_MOST_FOLDERS = 10_000
OTHER_FOLDERS = "other folders"


@dataclass(slots=True)
class Tally:
    """How many objects, bytes, images and archived objects there are.

    Images are what is named like one; archived is what S3 hands out only once restored.
    """

    objects: int = 0
    bytes: int = 0
    images: int = 0
    archived: int = 0

    def add(self, found: "ObjectTypeDef") -> None:
        """Count one more."""
        self.objects += 1
        self.bytes += found["Size"]
        self.images += found["Key"].lower().endswith(tuple(f".{ending}" for ending in _IMAGES))
        self.archived += found.get("StorageClass") in ARCHIVE_CLASSES


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """All of a bucket, each folder at its top, and each preset.

    The keys outside of folders have the empty name. Presets are named by their prefixes; a key is counted for the one
    whose variants it gets, and not at all where that is none.
    """

    whole: Tally = field(default_factory=Tally)
    folders: dict[str, Tally] = field(default_factory=dict)
    presets: dict[str, Tally] = field(default_factory=dict)

    @property
    def largest(self) -> list[tuple[str, Tally]]:
        """The folders with the most objects first."""
        return sorted(self.folders.items(), key=lambda each: (-each[1].objects, each[0]))


def take_census(s3: "S3Client", bucket: str, prefix: str, presets: "Sequence[Preset]" = ()) -> Census:
    """List the keys of a bucket that begin so: one request for a thousand.

    Raises:
        DarkroomError: S3 refuses, or does not answer.
    """
    census = Census(presets={preset.prefix: Tally() for preset in presets})
    with aws_errors(f"Listing {bucket}"):
        for page in _pages(s3, bucket, prefix):
            for found in page:
                if is_folder_marker(found["Key"], found["Size"]):
                    continue
                census.whole.add(found)
                _folder(census, found["Key"]).add(found)
                if preset := find_preset(presets, found["Key"]):
                    census.presets[preset.prefix].add(found)
    return census


def _pages(s3: "S3Client", bucket: str, prefix: str) -> "Iterator[list[ObjectTypeDef]]":
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        yield page.get("Contents", [])


def _folder(census: Census, key: str) -> Tally:
    head, slash, _ = key.partition("/")
    name = f"{head}/" if slash else ""
    if name not in census.folders and len(census.folders) >= _MOST_FOLDERS:
        name = OTHER_FOLDERS
    return census.folders.setdefault(name, Tally())
