"""Look up a key's manifest, newest upload and job."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from contract.focal_point import focus_in
from contract.keys import is_folder_marker
from contract.manifest import Outcome
from contract.object_version import identity_in_event, identity_of
from contract.s3_errors import is_missing
from darkroom.errors import aws_errors
from darkroom.pipeline.client import Pipeline
from darkroom.pipeline.deployed_config import Scope, find_scope
from darkroom.pipeline.sqs import queue_depth
from darkroom.uploads.outcomes import ManifestFile
from darkroom.uploads.watcher import PipelineWatcher

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sqs.client import SQSClient


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentObject:
    """The newest upload of a key, as it lies in the uploads bucket.

    `size` is in bytes, `version_id` as `identity_of` tells it.
    """

    version_id: str
    size: int
    modified: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is known about a key.

    `jobs` counts all that wait or run, None where it does not matter: the newest upload has its outcome, or there is
    no upload.
    """

    key: str
    recorded: ManifestFile | None
    stored: CurrentObject | None
    deleted: bool
    scope: Scope
    dead_letter: bool = False
    jobs: int | None = None

    @property
    def is_folder(self) -> bool:
        """Whether the newest upload only marks a folder."""
        return self.stored is not None and is_folder_marker(self.key, self.stored.size)

    @property
    def is_settled(self) -> bool:
        """Whether the manifest is that of the newest upload.

        It is settled, too, where there is no upload that could have another.
        """
        if self.stored is None:
            return True
        if self.is_folder and self.recorded:
            return self.recorded.manifest.outcome is Outcome.REMOVED
        if self.recorded is None:
            return False
        source = self.recorded.manifest.source
        return source.identity == self.stored.version_id


def look_up(pipeline: Pipeline, key: str) -> Found:
    """Look a key up, without changing anything.

    Raises:
        DarkroomError: AWS refuses, or does not answer.
    """
    s3: S3Client = pipeline.client("s3")
    sqs: SQSClient = pipeline.client("sqs")
    watcher = PipelineWatcher(s3, sqs, pipeline)
    stored, deleted = _newest(s3, pipeline.uploads_bucket, key)
    # Read after the upload: a manifest that is written meanwhile is not missed.
    recorded = next(watcher.new_manifests([key]), None)
    found = Found(key=key, recorded=recorded, stored=stored, deleted=deleted, scope=find_scope(pipeline))
    if found.is_settled or stored is None:
        return found
    return replace(
        found,
        dead_letter=(key, identity_in_event(stored.version_id)) in set(watcher.new_dead_letters()),
        jobs=queue_depth(sqs, pipeline.jobs_queue_url).total,
    )


def _newest(s3: "S3Client", bucket: str, key: str) -> tuple[CurrentObject | None, bool]:
    """Find a key's newest upload, and whether what is newest is that it was deleted."""
    with aws_errors("Reading the uploads bucket"):
        try:
            answer = s3.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if not is_missing(error):
                raise
            return None, error.response["ResponseMetadata"]["HTTPHeaders"].get("x-amz-delete-marker") == "true"
    return CurrentObject(
        version_id=identity_of(answer.get("VersionId"), answer["ETag"], focus_in(answer.get("Metadata", {}))[0]),
        size=answer["ContentLength"],
        modified=answer["LastModified"],
    ), False
