"""Decide which renditions outlive their expired source."""

from dataclasses import replace
from datetime import datetime

from contract.events import EventType, ObjectEvent
from contract.manifest import Manifest
from contract.object_version import has_no_id, is_same_version
from resize.uploads_bucket import History


def is_expiry(upload: ObjectEvent) -> bool:
    """Tell whether a lifecycle rule took the current version of a key.

    Where there are versions, `LifecycleExpiration:Delete` is about an old one, and names it.
    """
    return upload.change is EventType.EXPIRED or (
        upload.change is EventType.EXPIRED_FOR_GOOD and has_no_id(upload.version_id)
    )


def is_wanted_gone(upload: ObjectEvent, standing: Manifest, history: History) -> bool:
    """Tell whether this event is someone's deletion of what the variants show.

    A rule's has another name. That is a delete marker above that version; or the version itself, deleted for good: it
    may have been while this event's earlier attempt wrote what stands, which then did not come to notice. `darkroom
    backfill --orphans` names no marker.
    """
    if upload.sequencer == standing.source.sequencer and not standing.source_expired:
        return (standing.source.version_id or "null") not in history.versions
    if upload.change is EventType.MARKED_DELETED:
        return upload.version_id is None or hides(upload, standing, history)
    return upload.change is EventType.DELETED and is_same_version(upload.version_id, standing.source.version_id)


def hides(upload: ObjectEvent, standing: Manifest, history: History) -> bool:
    """Tell whether this event's delete marker still hides what is shown.

    It does where it is there, above the version that the variants show. What lies above a version came after it: by the
    time of the event that its manifest is of.
    """
    is_above = upload.time > datetime.fromisoformat(standing.times.uploaded)
    return is_above and upload.version_id in history.markers


def shows(standing: Manifest, history: History) -> bool:
    """Tell whether there are variants of the newest version.

    Where no version is left, whose they are is all right.
    """
    return bool(standing.renditions) and history.newest in {None, standing.source.version_id or "null"}


def expired(standing: Manifest, sequencer: str) -> Manifest:
    """Give the manifest of a key whose source has expired, told by this event.

    It goes on as it was.
    """
    return replace(standing, source=replace(standing.source, sequencer=sequencer), source_expired=True)
