"""Render a file with both engines in their sandboxes."""

import io
from time import monotonic
from types import TracebackType
from typing import Self

from PIL import Image

from resize.errors import ImageRejectedError, SandboxError
from resize.imaging.engine import Engine
from resize.imaging.limits import Limits
from resize.imaging.rendition import Rendered
from resize.imaging.variants import MAX_SIDE, Format, Variant
from resize.sandbox.pool import Confinement, Sandbox
from tools.corpus.picture import MOST_FRAME_PIXELS, Animation, Frame, Refused, Result, Shown

# A function of the default size, but for the memory: what a large image needs is measured elsewhere.
_CONFINEMENT = Confinement(memory_bytes=2 * 1024**3, answer_bytes=128 * 1024**2, processor_seconds=25, wall_seconds=75)
_DEADLINE_SECONDS = 120.0

_STILL = Variant(name="still", width=MAX_SIDE, format=Format.PNG, effort=0)
_MOVING = Variant(name="moving", width=MAX_SIDE, format=Format.WEBP, quality=100, effort=0)


class EngineUnderTest:
    """An engine behind two sandboxes.

    One writes stills as PNG, the other animations as WebP.
    """

    def __init__(self, engine: Engine) -> None:
        self.name = engine.value
        self._stills = Sandbox([_STILL], Limits(), _CONFINEMENT, engine=engine)
        self._animations = Sandbox([_MOVING], Limits(), _CONFINEMENT, engine=engine)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stills.close()
        self._animations.close()

    def show(self, source: bytes, *, moves: bool) -> Result:
        """Render a file.

        It is rendered as an animation too if it is known to move, or the engine says so.
        """
        try:
            rendered = self._stills.render(source, monotonic() + _DEADLINE_SECONDS)
            moving = None
            if moves or rendered.frames > 1:
                moving = self._animations.render(source, monotonic() + _DEADLINE_SECONDS)
        except ImageRejectedError as fault:
            return Refused(reason=fault.reason, detail=fault.detail)
        except SandboxError as error:
            return Refused(reason="no_sandbox", detail=str(error))
        return _shown(rendered, moving)


def _shown(rendered: Rendered, moving: Rendered | None) -> Shown:
    with Image.open(io.BytesIO(rendered.renditions[0].body)) as picture:
        still = picture.convert("RGBA")
    animation = _animation(moving.renditions[0].body) if moving else None
    has_own_size = max(rendered.width, rendered.height) <= MAX_SIDE
    return Shown(
        size=still.size if has_own_size else (rendered.width, rendered.height),
        still=still,
        frames=rendered.frames,
        animation=animation,
    )


def _animation(body: bytes) -> Animation:
    frames: list[Frame] = []
    with Image.open(io.BytesIO(body)) as picture:
        for number in range(getattr(picture, "n_frames", 1)):
            picture.seek(number)
            picture.load()
            kept = (number + 1) * picture.width * picture.height <= MOST_FRAME_PIXELS
            image = picture.convert("RGBA") if kept else None
            frames.append(Frame(image=image, milliseconds=float(picture.info.get("duration", 0))))
        return Animation(frames=tuple(frames), plays=int(picture.info.get("loop", 1)))
