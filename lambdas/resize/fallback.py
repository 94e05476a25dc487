"""Show the newest good upload in place of a rejected one."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from contract.manifest import Manifest
from contract.object_version import has_no_id
from resize.errors import ImageRejectedError
from resize.imaging.rendition import Rendered
from resize.manifest_builder import ManifestBuilder
from resize.publication import Publication, StoredManifest
from resize.uploads_bucket import SourceObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback:
    """What becomes of a key whose upload is rejected.

    `versions` is how many uploads before it are looked at. What is found depends on the versions of the key alone, and
    not on what stands: so events may come in any order.
    """

    publication: Publication
    render: Callable[[SourceObject], Rendered]
    versions: int

    def reject(
        self, builder: ManifestBuilder, original: SourceObject, fault: ImageRejectedError, recorded: StoredManifest
    ) -> Manifest:
        """Tell why an upload is not shown, and show the newest good one before it.

        Nothing is shown where there is none.
        """
        found = self._find_good(original)
        if found is None:
            return self.publication.commit(builder.rejected(original, fault), recorded)
        older, rendered = found
        written = self.publication.write(rendered.renditions, recorded)
        manifest = builder.showing(older, rendered, written, builder.rejected(original, fault))
        return self.publication.commit(manifest, recorded)

    def _find_good(self, rejected: SourceObject) -> tuple[SourceObject, Rendered] | None:
        if rejected.version_id is None or has_no_id(rejected.version_id):
            return None  # it may have taken the place of a deletion, and what was deleted is not to come back
        uploads = self.publication.uploads
        for version_id in uploads.versions_before(rejected.version_id, self.versions):
            if older := uploads.open_version(version_id):
                with suppress(ImageRejectedError):
                    return older, self.render(older)
        return None
