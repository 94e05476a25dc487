"""The imaging library that the setting `engine` selects."""

from enum import StrEnum


class Engine(StrEnum):
    """A library, by the folder that makes renditions with it."""

    PILLOW = "pillow"
    VIPS = "vips"
