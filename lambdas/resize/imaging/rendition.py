"""Values that rendering returns."""

from dataclasses import dataclass

from resize.imaging.variants import Format, Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendition:
    """The bytes of one variant of one upload.

    `width` and `height` are pixels, `frames` is how many were encoded. `slot` says which of the files of `auto` it is.
    """

    variant: str
    format: Format
    width: int
    height: int
    body: bytes
    frames: int = 1
    slot: Slot | None = None

    @property
    def extension(self) -> str:
        """What its key ends with: an animation's slot is called as that of a still."""
        return (self.slot or self.format).value


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """An image's renditions, in the order of the variants.

    What was seen of the image itself is beside them. `format` is the source's, by its bytes. `width` and `height` are
    the source's pixels as displayed, with its EXIF orientation applied. `dominant_colour` is `#rrggbb`, None where
    nothing is opaque; `thumbhash` is base64.
    """

    format: str
    width: int
    height: int
    frames: int
    dominant_colour: str | None
    thumbhash: str
    renditions: tuple[Rendition, ...]
