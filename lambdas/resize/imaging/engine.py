"""Which library decodes, resizes and encodes: chosen by the knob `engine`; a bundle ships one."""

from enum import StrEnum


class Engine(StrEnum):
    """A library, by the folder that makes renditions with it."""

    PILLOW = "pillow"
    VIPS = "vips"
