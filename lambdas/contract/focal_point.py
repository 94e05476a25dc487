"""Focal point of a picture, as its uploader gives it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

# What S3 keeps as x-amz-meta-focus.
FOCUS = "focus"

_NUMBER = r"(?:[01](?:\.[0-9]*)?|\.[0-9]+)"
_POINT = re.compile(rf" *({_NUMBER}) *, *({_NUMBER}) *")
# Programs write a third as 0.3333333333333333; of a picture's side the ninth decimal is no pixel.
_DECIMALS = 9
_SHOWN_CHARACTERS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class FocalPoint:
    """What is to be in the middle of every cut.

    `x` and `y` are shares of width and height, 0 to 1 from the left and from the top, of the picture as displayed.
    """

    x: float
    y: float

    def __str__(self) -> str:
        """Write it as `parse_focal_point` reads it."""
        return f"{_shortest(self.x)},{_shortest(self.y)}"

    @classmethod
    def of(cls, members: object) -> Self:
        """Take a manifest's; TypeError where it is something else."""
        if not isinstance(members, dict) or not all(_is_share(members.get(name)) for name in ("x", "y")):
            raise TypeError(f"{members!r} where a focal point is expected")
        return cls(x=float(members["x"]), y=float(members["y"]))


def parse_focal_point(text: str) -> FocalPoint:
    """Read `0.3,0.7`, to nine decimals.

    Raises:
        ValueError: it is something else; the sentence has it, cut short.
    """
    found = _POINT.fullmatch(text)
    x, y = map(float, found.groups()) if found else (2.0, 2.0)
    if max(x, y) > 1:
        raise ValueError(f"{_shown(text)} is no focal point; expected two numbers from 0 to 1 such as 0.3,0.7")
    return FocalPoint(x=round(x, _DECIMALS), y=round(y, _DECIMALS))


def focus_in(metadata: Mapping[str, str]) -> tuple[FocalPoint | None, str | None]:
    """Find the focal point in an object's metadata, or what is wrong with it.

    Whoever may upload writes those: a mistake there does not cost the picture.
    """
    text = next((value for name, value in metadata.items() if name.lower() == FOCUS), None)
    if text is None:
        return None, None
    try:
        return parse_focal_point(text), None
    except ValueError as error:
        return None, str(error)


def _is_share(value: Any) -> bool:
    return type(value) in {int, float} and 0 <= value <= 1


def _shortest(share: float) -> str:
    return f"{share:.{_DECIMALS}f}".rstrip("0").rstrip(".")


def _shown(text: str) -> str:
    cut = text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
    return ascii(cut)
