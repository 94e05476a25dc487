"""Report of a run: counts, kinds, and JSON Lines."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from darkroom.text import printable
from tools.corpus.judgement import Judgement, Verdict

_MOST_NAMES = 3


def to_json(judgement: Judgement) -> str:
    """Write a file's judgement as one line of JSON."""
    return json.dumps(asdict(judgement) | {"differs": judgement.differs}, sort_keys=True)


def counts(judgements: Sequence[Judgement], set_aside: int) -> list[str]:
    """Tell how many files there were, and how many are wrong.

    It counts Chromium's pictures that each engine has wrong.
    """
    painted = sum(judgement.painted for judgement in judgements)
    known = sum(judgement.differs and judgement.known is not None for judgement in judgements)
    lines = [
        f"{len(judgements):6} files, {set_aside} of fuzzers set aside",
        f"{painted:6} painted by Chromium",
        f"{sum(judgement.disagreement is not None for judgement in judgements):6} in which the engines disagree",
        f"{known:6} that differ for a known reason",
        f"{_doubtful(judgements):6} that Chromium does not paint, other than libtiff, libheif and libvips agree on",
    ]
    for engine in _engines(judgements):
        found = Counter(judgement.opinions[engine].verdict for judgement in judgements)
        mistakes = found[Verdict.WRONG] + found[Verdict.REJECTED]
        share = f"{100 * mistakes / painted:.1f} % of Chromium's" if painted else "nothing to compare with"
        lines.append(
            f"{mistakes:6} wrong in {engine}: {found[Verdict.WRONG]} of other pixels, size or time, "
            f"{found[Verdict.REJECTED]} rejected; {share}"
        )
    return lines


def kinds(judgements: Sequence[Judgement]) -> list[str]:
    """Group what differs by engine, verdict, format and why.

    The commonest comes first, with some names.
    """
    groups: dict[str, list[str]] = {}
    for judgement in judgements:
        if judgement.known is None:
            for kind in _kinds_of(judgement):
                groups.setdefault(kind, []).append(judgement.name)
    return [_kind_line(kind, names) for kind, names in sorted(groups.items(), key=lambda item: -len(item[1]))]


def _kinds_of(judgement: Judgement) -> Iterator[str]:
    broken = " (broken in Chromium too)" if judgement.fault else ""
    for engine, opinion in judgement.opinions.items():
        if opinion.is_mistake or opinion.verdict is Verdict.DOUBTFUL:
            yield f"{engine}: {judgement.media_type} {opinion.verdict}, {opinion.why}{broken}"
    if judgement.disagreement is not None and not any(one.is_mistake for one in judgement.opinions.values()):
        yield f"engines disagree: {judgement.media_type}, {judgement.disagreement.kind}"


def _kind_line(kind: str, names: list[str]) -> str:
    others = len(names) - _MOST_NAMES
    shown = [printable(name) for name in names[:_MOST_NAMES]] + ([f"{others} others"] if others > 0 else [])
    return f"{len(names):6} {kind}: {', '.join(shown)}"


def _doubtful(judgements: Sequence[Judgement]) -> int:
    return sum(
        any(opinion.verdict is Verdict.DOUBTFUL for opinion in judgement.opinions.values()) for judgement in judgements
    )


def _engines(judgements: Sequence[Judgement]) -> Sequence[str]:
    return list(judgements[0].opinions) if judgements else []
