"""Names of derived objects, unique for each upload key."""

import hashlib
import re

# "The name for a key is a sequence of Unicode characters whose UTF-8 encoding is up to 1,024 bytes long":
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
MAX_KEY_BYTES = 1024

MANIFESTS = "manifests"

_SHORTENED_KEY = re.compile(r"~[0-9a-f]{64}\Z")


def rendition_key(variant: str, key: str, extension: str, prefix: str = "") -> str:
    """Name the rendition of an uploaded key.

    `<prefix><variant>/<key>.<extension>`, shortened where that is too long. The prefix is that of the derived bucket.
    """
    return _derived_key(f"{prefix}{variant}", key, extension)


def manifest_key(key: str, prefix: str = "") -> str:
    """Name the manifest of an uploaded key.

    `<prefix>manifests/<key>.json`, shortened where that is too long.
    """
    return _derived_key(f"{prefix}{MANIFESTS}", key, "json")


def is_shortened(key: str, derived_key: str) -> bool:
    """Tell whether a derived name had to be shortened.

    The uploaded key cannot be read from it then.
    """
    stem = derived_key.rpartition(".")[0]
    return not stem.endswith(f"/{key}")


def is_folder(key: str) -> bool:
    """Tell whether a key ends as those do by which S3's console shows folders."""
    return key.endswith("/")


def is_folder_marker(key: str, size: int) -> bool:
    """Tell whether an object only marks a folder.

    The S3 console makes one where it is told to create a folder.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-folders.html
    """
    return is_folder(key) and size == 0


def _derived_key(folder: str, key: str, extension: str) -> str:
    whole = f"{folder}/{key}.{extension}"
    # A key that already looks shortened is shortened too, so that nobody can upload another key's short name.
    if len(whole.encode()) <= MAX_KEY_BYTES and not _SHORTENED_KEY.search(key):
        return whole
    digest = hashlib.sha256(key.encode()).hexdigest()
    room = MAX_KEY_BYTES - len(f"{folder}/~{digest}.{extension}")
    head = key.encode()[:room].decode(errors="ignore")
    return f"{folder}/{head}~{digest}.{extension}"
