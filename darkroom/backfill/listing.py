"""List the keys of the uploads bucket, from S3 or S3 Inventory."""

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import unquote_plus

from darkroom.errors import UsageError, aws_errors

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef

# What S3 hands out only once it is restored; GLACIER_IR it hands out at once.
ARCHIVE_CLASSES = frozenset({"GLACIER", "DEEP_ARCHIVE"})

_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Listed:
    """A key, and what is known of its current version.

    Its ETag, without quotes, that S3 does not hand it out, and when it was made.
    """

    key: str
    etag: str | None = None
    archived: bool = False
    modified: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some keys, and the position behind the last of them, for `after`.

    `passed` is how many more need no look.
    """

    keys: tuple[Listed, ...]
    position: str
    passed: int = 0


def list_bucket(
    s3: "S3Client", bucket: str, prefix: str, after: str | None, *, what: str = "uploads"
) -> Iterator[Page]:
    """List the keys that begin so, in S3's order; a position is the last key.

    Raises:
        DarkroomError: S3 refuses, or does not answer.
    """
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket,
        Prefix=prefix,
        StartAfter=after or "",
        OptionalObjectAttributes=["RestoreStatus"],
        PaginationConfig={"PageSize": _PAGE},
    )
    with aws_errors(f"Listing the {what} bucket"):
        for page in pages:
            keys = tuple(map(_listed, page.get("Contents", [])))
            if keys:
                yield Page(keys, keys[-1].key)


def _listed(found: "ObjectTypeDef") -> Listed:
    etag = found["ETag"].strip('"')
    return Listed(found["Key"], etag, archived=_is_archived(found), modified=found["LastModified"])


def _is_archived(found: "ObjectTypeDef") -> bool:
    """Tell whether an object has to be restored before it is read, as far as a listing knows.

    It does not of INTELLIGENT_TIERING, and a restored object has a date from which on it is archived only:
    docs.aws.amazon.com/AmazonS3/latest/userguide/archived-objects.html
    """
    restored = "RestoreExpiryDate" in found.get("RestoreStatus", {})
    return found.get("StorageClass") in ARCHIVE_CLASSES and not restored


def read_inventory(file: Path, bucket: str, prefix: str, after: str | None) -> Iterator[Page]:
    """Read the keys that begin so from a CSV file of S3 Inventory, plain or gzipped.

    A position is a number of rows. Each row begins with the bucket and the URL-encoded key. A key's versions stand
    together, and count once: which one is current may have changed since.
    docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html

    Raises:
        UsageError: the file cannot be read, is no such file, or is of another bucket.
    """
    done = int(after) if after else 0
    try:
        with _open(file) as text:
            rows = csv.reader(text)
            for _ in islice(rows, done):
                pass
            last = ""
            while some := list(islice(rows, _PAGE)):
                where = f"--inventory {str(file)!r}, row "
                found = [_key(row, bucket, f"{where}{number}") for number, row in enumerate(some, done + 1)]
                done += len(some)
                new = [key for key, before in zip(found, [last, *found], strict=False) if key != before]
                last = found[-1]
                yield Page(tuple(Listed(key) for key in new if key.startswith(prefix)), str(done))
    except (OSError, EOFError, UnicodeError, csv.Error) as error:
        raise UsageError(
            f"--inventory {str(file)!r} cannot be read: {error}. Give a CSV file of S3 Inventory, plain or .gz."
        ) from error


def _open(file: Path) -> IO[str]:
    if file.suffix == ".gz":
        return gzip.open(file, "rt", encoding="utf-8", newline="")
    return file.open(encoding="utf-8", newline="")


def _key(row: list[str], bucket: str, where: str) -> str:
    if len(row) < 2:  # noqa: PLR2004 - bucket and key
        raise UsageError(f"{where}: expected a bucket and a key, not {row!r}.")
    if row[0] != bucket:
        raise UsageError(f"{where}: it is of the bucket {row[0]!r}, not of {bucket!r}. Give that one's inventory.")
    return unquote_plus(row[1], errors="strict")
