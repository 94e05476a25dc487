"""The engines that the pipeline has, as its code shows them: each is a package of its own beside `imaging`."""

import pkgutil
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import version
from typing import Any

import resize

DEFAULT = "pillow"

# The distributions that do an engine's work.
_WORKED_BY: Mapping[str, tuple[str, ...]] = {
    "pillow": ("pillow", "pi-heif"),
    "vips": ("pyvips", "pyvips-binary", "pi-heif"),
}


def engines() -> tuple[str, ...]:
    """Name the engines, the default first."""
    found = (module.name for module in pkgutil.iter_modules(resize.__path__) if module.ispkg)
    return tuple(sorted(found, key=lambda name: (name != DEFAULT, name)))


def choosing(engine: str) -> dict[str, Any]:
    """Give the argument that chooses an engine, of everything that lets one choose; the default needs none."""
    return {} if engine == DEFAULT else {"engine": import_module("resize.imaging.engine").Engine(engine)}


def versions_of(engine: str) -> dict[str, str]:
    """Name what does an engine's work, and at which version."""
    return {name: version(name) for name in _WORKED_BY[engine]}
