"""Builders of what the command knows about its uploads."""

from dataclasses import replace
from pathlib import Path

from contract.errors import Reason
from contract.manifest import Manifest, Outcome
from darkroom.uploads.download import DownloadedResult
from darkroom.uploads.local_files import LocalFile
from darkroom.uploads.outcomes import Failure, ManifestFile, Result
from darkroom.uploads.results_folder import local_path
from darkroom.uploads.upload import UploadedFile
from support.command import manifests


def uploaded(key: str = "photo.jpg", *, version_id: str = "v1", path: str | None = None) -> UploadedFile:
    """A file that was uploaded."""
    return UploadedFile(LocalFile(Path(path or f"album/{key}"), key), version_id)


def recorded(key: str = "photo.jpg", *, version_id: str = "v1", reason: Reason | str | None = None) -> ManifestFile:
    """What the pipeline wrote about it: two variants, unless there is a reason for none."""
    renditions = () if reason else (manifests.rendition("large"), manifests.rendition("thumb", width=320))
    whole = manifests.manifest(*renditions)
    written = replace(
        whole,
        outcome=Outcome.REJECTED if reason else Outcome.RESIZED,
        reason=reason,
        source=replace(whole.source, key=key, version_id=version_id),
    )
    return ManifestFile(manifest=written, text=written.to_json())


def collected(
    upload: UploadedFile | None = None, *, out: Path = Path("out"), reason: Reason | None = None
) -> DownloadedResult:
    """An upload whose variants were copied to a folder, or that was rejected."""
    upload = upload or uploaded()
    written = recorded(upload.source.key, reason=reason)
    result = Result(upload=upload, outcome=written.manifest.outcome, recorded=written)
    return DownloadedResult(result=result, files=_files(written.manifest, out))


def failed(upload: UploadedFile | None = None) -> DownloadedResult:
    """An upload whose job is in the dead-letter queue."""
    return DownloadedResult(result=Result(upload=upload or uploaded(), failure=Failure.DEAD_LETTER), files={})


def _files(manifest: Manifest, out: Path) -> dict[str, Path]:
    return {rendition.label: out / local_path(rendition.key) for rendition in manifest.renditions}
