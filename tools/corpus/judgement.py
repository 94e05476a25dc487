"""Judge the engines against Chromium and each other.

Where Chromium paints nothing (TIFF, HEIC), the engines' agreement is judged; that they differ from what libtiff,
libheif and libvips agree on is reported as a doubt.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from tools.corpus.comparison import Difference, Kind, Tolerance, difference
from tools.corpus.picture import Refused, Result, Shown

# Two decoders of a lossless format give the same numbers; color management rounds them differently, by a few levels.
_LOSSLESS = Tolerance(mean=1.5, levels=8, share=0.001)
# JPEG, WebP and AVIF leave the inverse transform's rounding and chroma upsampling to the decoder: edges differ.
_LOSSY = Tolerance(mean=3.0, levels=24, share=0.01)
# Tone mapping has no standard: within 12 levels of Chromium in the mean.
_HDR = Tolerance(mean=12.0, levels=255, share=1.0)
# The engines at their own size, as PNG: within 3 levels, but for one pixel in a thousand where decoders round edges.
_AGREEMENT = Tolerance(mean=3.0, levels=3, share=0.001)
# Frames are compared after lossy WebP of quality 100, whose chroma has half the resolution: the colors of thin lines
# bleed, and lightness hardly changes. So SSIM decides, and the mean finds another hue.
_MOVING = Tolerance(mean=20.0, levels=96, share=0.25, similarity=0.985)
_MOVING_HDR = Tolerance(mean=14.0, levels=255, share=1.0)

_LOSSY_TYPES = frozenset({"image/jpeg", "image/webp", "image/avif", "image/heic"})


class Verdict(StrEnum):
    """What became of a file in one engine, by what Chromium paints."""

    RIGHT = "right"
    WRONG = "wrong"
    REJECTED = "rejected"  # though Chromium paints it
    UNJUDGED = "unjudged"  # a picture, where Chromium paints none
    REFUSED = "refused"  # by Chromium and by the engine
    DOUBTFUL = "doubtful"  # where Chromium paints nothing: other than what the formats' own libraries agree on


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """A verdict and why.

    That is the kind of difference or the reason of the rejection, and its detail.
    """

    verdict: Verdict
    why: str = ""
    detail: str = ""

    @property
    def is_mistake(self) -> bool:
        """Tell whether Chromium shows something else."""
        return self.verdict in {Verdict.WRONG, Verdict.REJECTED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """One file's opinions by engine, and in what the engines disagree, or None.

    `fault` is what Chromium's decoder says of a file that it paints only in part. `known` is the reason why this file
    may differ, from the list of known exceptions, or None. `references` is what each library says of a file that
    Chromium does not paint: the size of its picture, or why there is none.
    """

    name: str
    media_type: str
    painted: bool
    opinions: Mapping[str, Opinion]
    disagreement: Difference | None
    fault: str = ""
    known: str | None = None
    references: Mapping[str, str] = field(default_factory=dict)

    @property
    def differs(self) -> bool:
        """Tell whether something is not as the rule says."""
        return self.disagreement is not None or any(opinion.is_mistake for opinion in self.opinions.values())

    @property
    def is_listed(self) -> bool:
        """Tell whether the file is one to look at."""
        return self.differs or any(opinion.verdict is Verdict.DOUBTFUL for opinion in self.opinions.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What Chromium and the engines, by name, show of one file.

    And libraries, where Chromium paints nothing.
    """

    name: str
    media_type: str
    is_hdr: bool
    chromium: Result
    engines: Mapping[str, Result]
    references: Mapping[str, Result] = field(default_factory=dict)


def judge(evidence: Evidence, known: str | None = None) -> Judgement:
    """Hold what the engines show against what Chromium shows, and against each other."""
    return Judgement(
        name=evidence.name,
        media_type=evidence.media_type,
        painted=isinstance(evidence.chromium, Shown),
        fault=evidence.chromium.fault if isinstance(evidence.chromium, Shown) else "",
        opinions={engine: _opinion(evidence, shown) for engine, shown in evidence.engines.items()},
        disagreement=_disagreement(*evidence.engines.values()),
        known=known,
        references={library: str(shown) for library, shown in evidence.references.items()},
    )


def _opinion(evidence: Evidence, shown: Result) -> Opinion:
    if isinstance(evidence.chromium, Refused):
        return _opinion_without_chromium(evidence, shown)
    if isinstance(shown, Refused):
        return Opinion(verdict=Verdict.REJECTED, why=shown.reason, detail=shown.detail)
    moving = _MOVING_HDR if evidence.is_hdr else _MOVING
    found = difference(evidence.chromium, shown, _tolerance(evidence), moving)
    if found is None:
        return Opinion(verdict=Verdict.RIGHT)
    return Opinion(verdict=Verdict.WRONG, why=found.kind, detail=found.detail)


def _opinion_without_chromium(evidence: Evidence, shown: Result) -> Opinion:
    right = _agreed(list(evidence.references.values()), _tolerance(evidence))
    if isinstance(shown, Refused):
        verdict = Verdict.REFUSED if right is None else Verdict.DOUBTFUL
        return Opinion(verdict=verdict, why=shown.reason, detail=shown.detail)
    if right is None:
        return Opinion(verdict=Verdict.UNJUDGED)
    found = difference(right, _first_frame(shown), _tolerance(evidence), _MOVING)
    if found is None:
        return Opinion(verdict=Verdict.UNJUDGED, why="as the libraries")
    return Opinion(verdict=Verdict.DOUBTFUL, why=found.kind, detail=found.detail)


def _agreed(references: Sequence[Result], tolerance: Tolerance) -> Shown | None:
    """Find what at least two libraries show, and none shows otherwise."""
    shown = [reference for reference in references if isinstance(reference, Shown)]
    agree = all(difference(shown[0], other, tolerance, _MOVING) is None for other in shown[1:])
    return shown[0] if len(shown) > 1 and agree else None


def _first_frame(shown: Shown) -> Shown:
    """Leave out the frames: the libraries' programs write the first one."""
    return Shown(size=shown.size, still=shown.still)


def _tolerance(evidence: Evidence) -> Tolerance:
    if evidence.is_hdr:
        return _HDR
    return _LOSSY if evidence.media_type in _LOSSY_TYPES else _LOSSLESS


def _disagreement(one: Result, other: Result) -> Difference | None:
    if isinstance(one, Shown) and isinstance(other, Shown):
        return difference(one, other, _AGREEMENT, _MOVING)
    if isinstance(one, Refused) and isinstance(other, Refused):
        return None
    fault = one if isinstance(one, Refused) else other
    return Difference(kind=Kind.OUTCOME, detail=f"one of them: {fault.reason}" if isinstance(fault, Refused) else "")
