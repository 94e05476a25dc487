"""This pipeline's own rendering, with the engine that is named.

`python -m benchmarks.peers.darkroom_engine pillow`.
"""

import sys

from benchmarks.engines import choosing, versions_of
from benchmarks.peers.serving import Box, Task, serve_rendering
from resize.imaging.limits import Limits
from resize.imaging.render import render
from resize.imaging.variants import Fit, Format, Variant


def _variant(box: Box, task: Task) -> Variant:
    fit = Fit.COVER if box.cover else Fit.INSIDE
    return Variant(
        name=box.name,
        width=box.width,
        height=box.height,
        fit=fit,
        format=Format(task.format),
        quality=task.quality,
    )


def main() -> None:
    """Serve one engine."""
    engine = sys.argv[1]

    def render_task(source: bytes, task: Task) -> dict[str, bytes]:
        made = render(source, [_variant(box, task) for box in task.boxes], Limits(), **choosing(engine))
        return {rendition.variant: rendition.body for rendition in made.renditions}

    serve_rendering(render_task, versions_of(engine))


if __name__ == "__main__":
    main()
