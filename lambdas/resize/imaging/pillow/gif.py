"""GIF decoder for Pillow, transparent where browsers are."""

from typing import Any

from PIL import Image, ImageFile

from resize.imaging.formats.gif import GifAnimation, GifDisposal, GifFrame, gif_animation_of, palette_of
from resize.imaging.geometry import Box, Size

_CLEAR = (0, 0, 0, 0)

# Bytes of each pixel: its index, its mask and its color; and a copy of what was there before.
_BYTES_OF_FRAME, _BYTES_RESTORED = 6, 4


class GifFile(ImageFile.ImageFile):
    """A GIF whose blocks are read.

    `load` puts the frame that `seek` asked for upon those before it.
    """

    format = "GIF"
    format_description = "Compuserve GIF"

    animation: GifAnimation
    _source: bytes

    def __init__(self, file: Any, most_frames: int) -> None:
        self._most_frames = most_frames
        self._asked, self._shown = 0, -1
        self._canvas: Image.Image | None = None
        self._before: Image.Image | None = None
        super().__init__(file)

    @property
    def n_frames(self) -> int:
        """How many frames there are, if no more than were asked for."""
        return self.animation.count

    @property
    def milliseconds(self) -> tuple[int, ...]:
        """How long each frame shows."""
        return tuple(frame.milliseconds for frame in self.animation.frames)

    @property
    def largest_frame(self) -> Size:
        """The largest frame that is decoded, which may be larger than the screen."""
        return max((frame.box.size for frame in self.animation.frames), key=lambda size: size.width * size.height)

    @property
    def bytes_beside_screen(self) -> int:
        """What decoding takes beside a screen and a frame as large.

        A larger frame, and what is to be restored.
        """
        screen, largest = (size.width * size.height for size in (self.animation.screen, self.largest_frame))
        restores = any(frame.disposal is GifDisposal.RESTORE for frame in self.animation.frames[:-1])
        return _BYTES_OF_FRAME * max(0, largest - screen) + (_BYTES_RESTORED * screen if restores else 0)

    def seek(self, frame: int) -> None:
        """Ask for a frame: the next one, or one behind it."""
        self._asked = frame
        self.info["duration"] = self.animation.frames[frame].milliseconds

    def tell(self) -> int:
        """Say which frame was asked for."""
        return self._asked

    def load(self) -> Any:
        """Decode up to the frame that was asked for."""
        while self._shown < self._asked:
            self._show_next()
        if self._canvas is not None:
            self.im = self._canvas.im
        return super().load()

    def _open(self) -> None:
        self._source = self.fp.read() if self.fp else b""
        self.animation = gif_animation_of(self._source, self._most_frames)
        self._size, self._mode = self.animation.screen, "RGB" if self.animation.is_opaque else "RGBA"
        self.info["loop"] = self.animation.loop_count
        self.seek(0)

    def _show_next(self) -> None:
        frames, screen = self.animation.frames, self.animation.screen
        canvas = self._canvas
        if canvas is not None:
            self._dispose(frames[self._shown], canvas)
        self._shown += 1
        frame = frames[self._shown]
        is_followed = self._shown + 1 < len(frames)
        if canvas is None and not is_followed and frame.box.size == screen and self.animation.is_covered_by(frame):
            self._canvas = self._indices_of(frame).convert(self._mode)
            return
        self._canvas = canvas = canvas or Image.new(self._mode, screen)
        box = _within(frame.box, screen)
        if is_followed and frame.disposal is GifDisposal.RESTORE:
            self._before = canvas.crop(box)
        if all(box.size):
            indices = self._indices_of(frame)
            shows = _all_but(frame.transparent, indices)
            canvas.paste(indices.convert(self._mode), frame.box[:2], shows)

    def _indices_of(self, frame: GifFrame) -> Image.Image:
        data = memoryview(self._source)[frame.data]
        indices = Image.frombytes("P", frame.box.size, data, "gif", frame.code_bits, frame.is_interlaced, -1)
        indices.putpalette(palette_of(self._source, frame))
        return indices

    def _dispose(self, frame: GifFrame, canvas: Image.Image) -> None:
        box = _within(frame.box, self.animation.screen)
        if frame.disposal is GifDisposal.CLEAR:
            canvas.paste(_CLEAR, box)
        elif frame.disposal is GifDisposal.RESTORE and self._before is not None:
            canvas.paste(self._before, box)
            self._before = None


def _all_but(transparent: int | None, indices: Image.Image) -> Image.Image | None:
    """Make a mask of what shows; None where all does."""
    if transparent is None:
        return None
    return indices.point([0 if index == transparent else 255 for index in range(256)], "L")


def _within(box: Box, screen: Size) -> Box:
    left, top = min(box.left, screen.width), min(box.top, screen.height)
    return Box(left, top, min(box.right, screen.width), min(box.bottom, screen.height))
