"""The middle of a picture, in the shape of another."""


def middle(source: tuple[int, int], size: tuple[int, int], shift: float = 0.0) -> tuple[float, float, float, float]:
    """Give the largest part that has the shape of `size`.

    Left, top, right, bottom, in pixels of the source.
    `shift` moves it along the side that is cut, by so many pixels of `size`, as far as the source goes.
    """
    scale = min(source[0] / size[0], source[1] / size[1])
    left, right = _span(source[0], size[0] * scale, shift * scale)
    top, bottom = _span(source[1], size[1] * scale, shift * scale)
    return left, top, right, bottom


def _span(whole: int, part: float, shift: float) -> tuple[float, float]:
    spare = max(0.0, whole - part)
    start = min(max(0.0, spare / 2 + shift), spare)
    return start, min(start + part, float(whole))
