"""Renders each file of a folder in every format: a program for the function's Python, which sees a bundle alone.

    python -I -S bundle_program.py BUNDLE ENGINE WIDTH SOURCES OUT

What becomes of SOURCES/name goes to OUT/name/format, or the reason why nothing does to OUT/name/rejected.
"""

import sys
from pathlib import Path


def main() -> None:
    """Render all of them."""
    bundle, engine, width, sources, out = sys.argv[1:]
    sys.path.insert(0, bundle)
    for source in Path(sources).iterdir():
        folder = Path(out) / source.name
        folder.mkdir(parents=True)
        for name, body in _made_of(source.read_bytes(), engine, int(width)).items():
            (folder / name).write_bytes(body)


def _made_of(source: bytes, engine: str, width: int) -> dict[str, bytes]:
    from resize.errors import ImageRejectedError  # noqa: PLC0415
    from resize.imaging.engine import Engine  # noqa: PLC0415 - the bundle's, which is not in reach before
    from resize.imaging.limits import Limits  # noqa: PLC0415
    from resize.imaging.render import render  # noqa: PLC0415
    from resize.imaging.variants import Format, Variant  # noqa: PLC0415

    formats = {"source": None, **{output.value: output for output in Format}}
    variants = [Variant(name=name, width=width, format=output) for name, output in formats.items()]
    try:
        made = render(source, variants, Limits(), None, Engine(engine)).renditions
    except ImageRejectedError as error:
        return {"rejected": error.reason.encode()}
    return {rendition.variant: rendition.body for rendition in made}


if __name__ == "__main__":
    main()
