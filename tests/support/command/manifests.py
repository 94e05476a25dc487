"""Builders of manifests."""

from contract.manifest import Manifest, Outcome, PublishedRendition, Source, Times


def source(key: str = "photo.jpg", *, sequencer: str = "0065AB") -> Source:
    """An upload that was looked at."""
    return Source(
        bucket="uploads",
        key=key,
        version_id="v1",
        etag="e1",
        size=1024,
        sequencer=sequencer,
        format="jpeg",
        width=640,
        height=480,
    )


def rendition(
    variant: str = "large", *, key: str | None = None, width: int = 1600, whole: bool = True
) -> PublishedRendition:
    """A published rendition."""
    return PublishedRendition(
        variant=variant,
        key=key or f"{variant}/photo.jpg.webp",
        width=width,
        height=width * 3 // 4,
        bytes=100,
        content_type="image/webp",
        etag="e2",
        shortened=False,
        whole=whole,
    )


def manifest(*renditions: PublishedRendition) -> Manifest:
    """The manifest of an image that was resized to these."""
    times = Times(
        uploaded="2026-11-23T20:50:00.000Z",
        started="2026-11-23T20:50:01.000+00:00",
        finished="2026-11-23T20:50:01.250+00:00",
        milliseconds=250,
    )
    return Manifest(
        outcome=Outcome.RESIZED,
        source=source(),
        times=times,
        recipe="0123456789abcdef",
        generation=3,
        renditions=renditions,
        dominant_colour="#a0b0c0",
        thumbhash="1QcSHQRnh493V4dIh4eXh1h4kJUI",
    )
