"""The engines that the pipeline has, and what does their work."""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from resize.imaging.engine import Engine

DEFAULT = "pillow"

# The distributions that do an engine's work.
_WORKED_BY: Mapping[str, tuple[str, ...]] = {
    "pillow": ("pillow", "pi-heif"),
    "vips": ("pyvips", "pyvips-binary", "pi-heif"),
}


def engines() -> tuple[str, ...]:
    """Name the engines, the default first."""
    return tuple(sorted((engine.value for engine in Engine), key=lambda name: (name != DEFAULT, name)))


def choosing(engine: str) -> dict[str, Any]:
    """Give the argument that chooses an engine, of everything that lets one choose.

    The default needs none.
    """
    return {} if engine == DEFAULT else {"engine": Engine(engine)}


def versions_of(engine: str) -> dict[str, str]:
    """Name what does an engine's work, and at which version."""
    return {name: version(name) for name in _WORKED_BY[engine]}
