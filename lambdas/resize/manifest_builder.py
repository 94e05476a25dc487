"""Build the manifest of a job."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from contract.events import ObjectEvent
from contract.manifest import Manifest, Outcome, PublishedRendition, Source, Times
from resize.errors import ImageRejectedError
from resize.imaging.rendition import Rendered
from resize.settings import Settings
from resize.uploads_bucket import SourceObject


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestBuilder:
    """What is known of a manifest from the start.

    Each way to end tells the time once more.
    """

    upload: ObjectEvent
    settings: Settings
    clock: Callable[[], datetime]
    started: datetime

    def removed(self) -> Manifest:
        """Tell that the source is gone, or nothing is to be made of it any more."""
        return self._manifest(Outcome.REMOVED, self._source(self.upload.version_id, self.upload.etag, self.upload.size))

    def rejected(self, original: SourceObject, fault: ImageRejectedError) -> Manifest:
        """Tell why nothing was made of the image."""
        source = self._source_of(original)
        return replace(self._manifest(Outcome.REJECTED, source), reason=fault.reason, detail=fault.detail)

    def archived(
        self, original: SourceObject, fault: ImageRejectedError, standing: Manifest, intact: Collection[str]
    ) -> Manifest | None:
        """Tell why nothing new was made of the image.

        What was made of it before and is there goes on being listed. None where the standing manifest is of another
        upload.
        """
        if not standing.is_of(original.version_id, original.etag):
            return None
        return replace(
            self.rejected(original, fault),
            source=replace(standing.source, sequencer=self.upload.sequencer),
            renditions=standing.listing(intact).renditions,
            dominant_colour=standing.dominant_colour,
            thumbhash=standing.thumbhash,
        )

    def showing(
        self, older: SourceObject, rendered: Rendered, renditions: Sequence[PublishedRendition], rejected: Manifest
    ) -> Manifest:
        """Tell that an older upload's renditions are shown in place of a rejected one's."""
        shown = self.resized(older, rendered, renditions)
        return replace(
            rejected,
            shown=shown.source,
            renditions=shown.renditions,
            dominant_colour=shown.dominant_colour,
            thumbhash=shown.thumbhash,
        )

    def resized(self, original: SourceObject, rendered: Rendered, renditions: Sequence[PublishedRendition]) -> Manifest:
        """Tell what was seen of the image and what was made of it."""
        source = self._source_of(original)
        seen = replace(
            source, format=rendered.format, width=rendered.width, height=rendered.height, frames=rendered.frames
        )
        return replace(
            self._manifest(Outcome.RESIZED, seen),
            renditions=tuple(renditions),
            dominant_colour=rendered.dominant_colour,
            thumbhash=rendered.thumbhash,
        )

    def _source_of(self, original: SourceObject) -> Source:
        source = self._source(original.version_id, original.etag, original.size)
        return replace(source, focus=original.focus, focus_error=original.focus_error)

    def _source(self, version_id: str | None, etag: str, size: int) -> Source:
        return Source(
            bucket=self.upload.bucket,
            key=self.upload.key,
            version_id=version_id,
            etag=etag,
            size=size,
            sequencer=self.upload.sequencer,
        )

    def _manifest(self, outcome: Outcome, source: Source) -> Manifest:
        finished = self.clock()
        times = Times(
            uploaded=_text(self.upload.time),
            started=_text(self.started),
            finished=_text(finished),
            milliseconds=milliseconds(finished - self.started),
        )
        preset = self.settings.preset_of(self.upload.key)
        return Manifest(
            outcome=outcome,
            source=source,
            times=times,
            recipe=self.settings.recipe_for(self.upload.key),
            generation=self.settings.function_version,
            preset=preset.prefix if preset else None,
            base_url=self.settings.delivery_url,
        )


def milliseconds(duration: timedelta) -> int:
    """Count whole milliseconds."""
    return round(duration / timedelta(milliseconds=1))


def _text(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds")
