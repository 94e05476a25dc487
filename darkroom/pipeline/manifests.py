"""Read manifests of a deployed pipeline from the derived bucket."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from contract.manifest import LaterSchemaError, Manifest
from contract.s3_errors import is_missing

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedManifest:
    """What lies where a manifest does.

    `manifest` is None where it is somebody else's, which the next job replaces.
    """

    etag: str
    text: bytes
    manifest: Manifest | None


def fetch_manifest(s3: "S3Client", bucket: str, name: str) -> FetchedManifest | None:
    """Fetch the object at a manifest's key; None where there is none.

    Raises:
        ClientError: S3 refuses.
        LaterSchemaError: a later Darkroom has written it.
    """
    try:
        answer = s3.get_object(Bucket=bucket, Key=name)
    except ClientError as error:
        if not is_missing(error):
            raise
        return None
    text = answer["Body"].read()
    return FetchedManifest(etag=answer["ETag"], text=text, manifest=_parse(text))


def read_manifest(s3: "S3Client", bucket: str, name: str) -> Manifest | None:
    """Read a manifest by its own key; None where there is none that can be read.

    Raises:
        ClientError: S3 refuses.
        LaterSchemaError: a later Darkroom has written it.
    """
    fetched = fetch_manifest(s3, bucket, name)
    return fetched.manifest if fetched else None


def _parse(text: bytes) -> Manifest | None:
    try:
        return Manifest.from_json(text)
    except LaterSchemaError:
        raise
    except ValueError:
        return None
