"""Draws the one sample that is larger than every variant.

Mountains at dusk, 3,000 pixels wide.

python -m tools.sample samples/mountains.jpg
"""

import math
import sys
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageOps

SIZE: Final = (3000, 2000)

# Drawn twice as large and reduced: edges come out smooth.
_SCALE: Final = 2
_SKY: Final = ("#2b2f5c", "#d9785d", "#ffd9a0")
# From the farthest ridge to the nearest: its color, how high it is, how much it rises and falls, its waves.
_RIDGES: Final = (
    ("#a9677a", 0.56, 0.05, 3.1),
    ("#7d5075", 0.64, 0.07, 4.7),
    ("#553e66", 0.72, 0.06, 6.3),
    ("#33304f", 0.82, 0.05, 5.2),
)
_FOREST: Final = "#16192b"
_TREES: Final = 420
# Multiples of such numbers look as if by chance, and are the same each time: across, down, and how tall.
_STEPS: Final = (math.sqrt(2), math.sqrt(3), math.sqrt(7))


def draw() -> Image.Image:
    """Draw the picture; each time the same."""
    width, height = (side * _SCALE for side in SIZE)
    ramp = Image.linear_gradient("L").resize((width, height))
    picture = ImageOps.colorize(ramp, _SKY[0], _SKY[2], mid=_SKY[1], blackpoint=0, midpoint=130, whitepoint=190)
    pen = ImageDraw.Draw(picture)
    pen.ellipse(_circle(width * 0.68, height * 0.42, height * 0.075), fill="#fff3d6")
    for color, level, swing, waves in _RIDGES:
        pen.polygon([*_ridge(width, height, level, swing, waves), (width, height), (0, height)], fill=color)
    for number in range(_TREES):
        across, down, tall = (number * step % 1 for step in _STEPS)
        _draw_tree(pen, width * across, height * (0.9 + 0.12 * down), height * (0.05 + 0.08 * tall))
    pen.rectangle((0, height * 0.94, width, height), fill=_FOREST)
    return picture.reduce(_SCALE)


def _circle(x: float, y: float, radius: float) -> tuple[float, float, float, float]:
    return (x - radius, y - radius, x + radius, y + radius)


def _ridge(width: int, height: int, level: float, swing: float, waves: float) -> list[tuple[float, float]]:
    def y(part: float) -> float:
        slow, fast = math.sin(part * waves * math.tau), math.sin(part * waves * 4.3 * math.tau + level * 40)
        return height * (level - swing * (0.6 * abs(slow) + 0.25 * fast + 0.15 * math.sin(part * 190 + level)))

    return [(x, y(x / width)) for x in range(0, width + 4, 4)]


def _draw_tree(pen: ImageDraw.ImageDraw, x: float, foot: float, tall: float) -> None:
    for layer in range(6):
        top, broad = foot - tall * (1 - layer * 0.13), tall * (0.07 + 0.035 * layer)
        pen.polygon([(x, top), (x - broad, top + tall * 0.27), (x + broad, top + tall * 0.27)], fill=_FOREST)
    pen.rectangle((x - tall * 0.02, foot - tall * 0.2, x + tall * 0.02, foot + tall), fill=_FOREST)


def main(arguments: list[str]) -> None:
    """Write the picture where the one argument says."""
    draw().save(Path(arguments[0]), quality=72, optimize=True, progressive=True)


if __name__ == "__main__":
    main(sys.argv[1:])
