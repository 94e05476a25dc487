"""The name that a person would search a color by."""

import colorsys
import re

# Where each name begins on the circle of hues, in degrees.
_HUES = (
    (0, "red"),
    (15, "orange"),
    (45, "yellow"),
    (70, "green"),
    (165, "cyan"),
    (195, "blue"),
    (255, "purple"),
    (290, "pink"),
    (345, "red"),
)
NAMES = ("black", "white", "grey", "brown", *dict.fromkeys(name for _, name in _HUES))


def color_name(color: object) -> str | None:
    """Name a color, as the manifest has it (`#rrggbb`); None for what is none."""
    if not isinstance(color, str) or not re.fullmatch("#[0-9a-f]{6}", color):
        return None
    red, green, blue = (int(color[start : start + 2], 16) / 255 for start in (1, 3, 5))
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    if lightness < 0.12:  # noqa: PLR2004 - nothing but black is seen of it
        return "black"
    if lightness > 0.92:  # noqa: PLR2004 - the same of white
        return "white"
    if saturation < 0.12:  # noqa: PLR2004 - the hue is not seen
        return "grey"
    name = [name for start, name in _HUES if start <= hue * 360][-1]
    return "brown" if name in {"red", "orange"} and lightness < 0.4 and saturation < 0.75 else name  # noqa: PLR2004
