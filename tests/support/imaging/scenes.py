"""Scenes drawn from a seed, with a subject whose place is known."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from PIL import Image, ImageDraw

Color: TypeAlias = tuple[int, int, int]

SIZES = ((640, 320), (600, 400), (480, 360), (400, 600), (320, 640))
# Of faces in light of any kind, from the lightest to the darkest.
SKINS = ((255, 219, 188), (232, 190, 160), (198, 134, 96), (141, 85, 54), (92, 56, 36), (60, 36, 24))


@dataclass(frozen=True)
class Scene:
    """A picture, and the box around its subject: left, top, right and bottom as shares of the picture."""

    picture: Image.Image
    subject: tuple[float, float, float, float]

    def shows_all_of_it(self, window: tuple[float, float, float, float]) -> bool:
        """Whether the subject is whole within a window, but for half a hundredth of the picture."""
        left, top, right, bottom = self.subject
        return (
            window[0] <= left + 0.005
            and window[1] <= top + 0.005
            and window[2] >= right - 0.005
            and window[3] >= bottom - 0.005
        )


def thing(seed: int) -> Scene:
    """A thing of another color, up to two fifths of the shorter side, before a background of one of five kinds."""
    draw = random.Random(seed)  # noqa: S311 - the same for ever
    picture, base = _background(draw, seed)
    color = _color(draw)
    while sum((one - other) ** 2 for one, other in zip(color, base, strict=True)) < 110**2:
        color = _color(draw)
    box = _box(draw, picture.size, least=0.15, most=0.4)
    pen = ImageDraw.Draw(picture)
    (pen.ellipse if seed % 2 else pen.rectangle)(box, fill=color)
    return _scene(picture, box)


def thing_among_others(seed: int) -> Scene:
    """The same, with a dozen small dots of any color about it."""
    scene, draw = thing(seed), random.Random(-seed)  # noqa: S311 - the same for ever
    width, height = scene.picture.size
    left, top, right, bottom = (
        round(share * side) for share, side in zip(scene.subject, (width, height) * 2, strict=True)
    )
    subject = scene.picture.crop((left, top, right, bottom))
    pen = ImageDraw.Draw(scene.picture)
    for _ in range(12):
        side, x, y = round(min(width, height) * draw.uniform(0.02, 0.06)), draw.randrange(width), draw.randrange(height)
        pen.ellipse((x, y, x + side, y + side), fill=_color(draw))
    scene.picture.paste(subject, (left, top))
    return scene


def person(seed: int) -> Scene:
    """A face, with hair and clothes; the face is the subject."""
    draw = random.Random(seed)  # noqa: S311 - the same for ever
    picture, _ = _background(draw, seed)
    light, (width, height) = draw.uniform(0.6, 1), picture.size
    skin = tuple(round(band * light) for band in draw.choice(SKINS))
    wide = round(min(width, height) * draw.uniform(0.16, 0.3))
    tall = round(1.3 * wide)
    x, y = draw.randint(0, width - wide), draw.randint(0, max(1, height - 2 * tall))
    pen = ImageDraw.Draw(picture)
    pen.ellipse((x - 0.7 * wide, y + tall, x + 1.7 * wide, y + 4 * tall), fill=_color(draw))
    hair = draw.choice([(20, 15, 12), (60, 40, 25), (150, 110, 60), (120, 120, 120)])
    pen.ellipse((x - 0.08 * wide, y - 0.08 * tall, x + 1.08 * wide, y + 0.7 * tall), fill=hair)
    pen.ellipse((x, y, x + wide, y + tall), fill=skin)
    for eye in (0.22, 0.62):
        at = (x + wide * eye, y + 0.38 * tall, x + wide * (eye + 0.16), y + 0.46 * tall)
        pen.ellipse(at, fill=tuple(band // 3 for band in skin))
    pen.rectangle(
        (x + 0.35 * wide, y + 0.72 * tall, x + 0.65 * wide, y + 0.78 * tall), fill=(skin[0], skin[1] // 2, 40)
    )
    return _scene(picture, (x, y, x + wide, y + tall))


def cutout(seed: int) -> Scene:
    """A disc of one color, with nothing around it; what is transparent has a glaring color beneath."""
    draw = random.Random(seed)  # noqa: S311 - the same for ever
    picture = Image.new("RGBA", draw.choice(SIZES), (*_color(draw), 0))
    box = _box(draw, picture.size, least=0.2, most=0.5)
    ImageDraw.Draw(picture).ellipse(box, fill=(*_color(draw), 255))
    return _scene(picture, box)


SCENES: dict[str, Callable[[int], Scene]] = {
    "a thing": thing,
    "a thing among others": thing_among_others,
    "a person": person,
    "a cutout": cutout,
}


def _scene(picture: Image.Image, box: tuple[int, int, int, int]) -> Scene:
    width, height = picture.size
    left, top, right, bottom = box
    return Scene(picture, (left / width, top / height, min(1.0, right / width), min(1.0, bottom / height)))


def _background(draw: random.Random, seed: int) -> tuple[Image.Image, Color]:
    size, base = draw.choice(SIZES), _color(draw, 30, 225)
    picture = Image.new("RGB", size, base)
    pen, (width, height) = ImageDraw.Draw(picture), size
    match seed % 5:
        case 1:  # a gradient
            other = Image.new("RGB", size, _near(draw, base, 50))
            picture = Image.composite(picture, other, Image.linear_gradient("L").resize(size))
        case 2:  # noise
            picture = _noise(draw, size, base)
        case 3:  # a horizon
            pen.rectangle((0, height * draw.uniform(0.35, 0.65), width, height), fill=_near(draw, base, 70))
        case 4:  # stripes
            lighter = tuple(min(255, band + 25) for band in base)
            for x in range(0, width, 24):
                pen.rectangle((x, 0, x + 11, height), fill=lighter)
    return picture, base


def _noise(draw: random.Random, size: tuple[int, int], base: Color) -> Image.Image:
    grain = draw.choice([4, 12, 30])
    small = (size[0] // grain, size[1] // grain)
    noise = Image.frombytes("L", small, draw.randbytes(small[0] * small[1])).resize(size, Image.Resampling.BICUBIC)
    return Image.merge("RGB", [noise.point([round(band + 0.3 * (v - 128)) for v in range(256)]) for band in base])


def _color(draw: random.Random, darkest: int = 0, lightest: int = 255) -> Color:
    return draw.randint(darkest, lightest), draw.randint(darkest, lightest), draw.randint(darkest, lightest)


def _near(draw: random.Random, color: Color, most: int) -> tuple[int, ...]:
    return tuple(min(255, max(0, band + draw.randint(-most, most))) for band in color)


def _box(draw: random.Random, size: tuple[int, int], *, least: float, most: float) -> tuple[int, int, int, int]:
    width, height = (round(min(size) * draw.uniform(least, most)) for _ in range(2))
    x, y = draw.randint(0, size[0] - width), draw.randint(0, size[1] - height)
    return x, y, x + width - 1, y + height - 1
