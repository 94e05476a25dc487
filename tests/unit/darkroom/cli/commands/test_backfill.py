"""What a backfill says at its end, of uploads and of manifests in the words of each."""

import json
from collections import Counter
from dataclasses import replace

import pytest

from darkroom.backfill.backfill import UploadedKeys
from darkroom.backfill.checkpoint import Checkpoint
from darkroom.backfill.jobs import PlannedKey
from darkroom.backfill.orphans import Manifests
from darkroom.backfill.selection import Decision
from darkroom.cli.commands import backfill
from darkroom.errors import UsageError
from darkroom.pipeline.deployed_config import Scope
from resize.imaging.presets import Preset
from resize.imaging.variants import Format
from support.aws.deployments import deployed
from support.function.buckets import settings

UPLOADS = UploadedKeys(pipeline=deployed(), prefix="", inventory=None)
MANIFESTS = Manifests(pipeline=deployed(), prefix="")
QUEUED = "\nThey are done as the queue is: see `darkroom status --watch`."


def report(
    source: UploadedKeys | Manifests, counts: Counter[Decision], *, dry_run: bool, as_json: bool = False
) -> None:
    run = backfill._Run(deployed(), source, None, Checkpoint(file=None, backfill={}), 100, as_json=as_json)  # type: ignore[arg-type]  # noqa: SLF001 - the part that sums up
    run.report(counts, dry_run=dry_run)


@pytest.mark.parametrize(
    ("source", "counts", "dry_run", "told"),
    [
        (UPLOADS, {}, True, "0 jobs would be sent: there are no uploads."),
        (
            UPLOADS,
            {Decision.NEVER_DONE: 1, Decision.UP_TO_DATE: 3},
            True,
            "1 job would be sent: 1 never_done, 3 up_to_date.",
        ),
        (UPLOADS, {Decision.NEVER_DONE: 1}, False, f"1 job was sent: 1 never_done.{QUEUED}"),
        (MANIFESTS, {}, True, "0 removals would be sent. Manifests: none."),
        (MANIFESTS, {Decision.HAS_SOURCE: 12}, True, "0 removals would be sent. Manifests: 12 with their upload."),
        (
            MANIFESTS,
            {Decision.HAS_SOURCE: 1_200, Decision.SOURCE_GONE: 2, Decision.REMOVED: 1, Decision.KEPT: 4},
            False,
            (
                "2 removals were sent. Manifests: 2 without their upload, 1,200 with their upload, 1 removed before, "
                f"4 kept, as their upload has expired.{QUEUED}"
            ),
        ),
    ],
)
def test_what_was_found_and_sent_is_counted_in_words(
    source: UploadedKeys | Manifests,
    counts: dict[Decision, int],
    dry_run: bool,
    told: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    report(source, Counter(counts), dry_run=dry_run)

    assert capsys.readouterr() == (f"{told}\n", "")


@pytest.mark.parametrize("source", [UPLOADS, MANIFESTS])
def test_as_json_both_are_one_object_of_the_same_members(
    source: UploadedKeys | Manifests, capsys: pytest.CaptureFixture[str]
) -> None:
    report(source, Counter({Decision.SOURCE_GONE: 2}), dry_run=False, as_json=True)

    assert json.loads(capsys.readouterr().out) == {"dry_run": False, "jobs": 2, "uploads": {"source_gone": 2}}


def test_every_end_that_a_manifest_can_have_has_words() -> None:
    ends = {Decision.SOURCE_GONE, Decision.HAS_SOURCE, Decision.REMOVED, Decision.KEPT, Decision.LATER_SCHEMA}

    assert backfill._FOUND_OF_MANIFESTS.keys() == ends  # noqa: SLF001 - no count may be left out


class Planned:
    """A planner whose pages a test writes."""

    def __init__(self, *pages: list[PlannedKey]) -> None:
        self._pages = iter(pages)

    def plan(self, _: object) -> list[PlannedKey]:
        return next(self._pages)


def test_replaced_formats_are_told_before_their_page_once_and_again_where_another_is_found(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def page(*formats: Format) -> list[PlannedKey]:
        return [PlannedKey(key="a", decision=Decision.OTHER_RECIPE, replaced_formats=frozenset(formats))]

    noting = backfill._WithNote(Planned(page(), page(Format.AVIF), page(Format.AVIF), page(Format.WEBP)))  # type: ignore[arg-type]  # noqa: SLF001 - the part that tells
    told = [(noting.plan([]), capsys.readouterr().err)[1] for _ in range(4)]

    assert [bool(text) for text in told] == [False, True, False, True]
    assert ("avif" in told[1], "webp" in told[1], "webp and avif" in told[3]) == (True, False, True)


NOTHING_OF_RAW = replace(settings(), presets=(Preset(prefix="pets/raw/", variants=()),))


@pytest.mark.parametrize(
    ("prefix", "prefixes", "within"),
    [
        ("pets/raw/", ("pets/",), "pets/raw/"),  # what was made before it lost its variants is taken away
        ("pets/raw/", None, "pets/raw/"),
        ("pets/cats/", ("pets/",), "pets/cats/"),
        ("", ("pets/",), "pets/"),
    ],
)
def test_a_backfill_goes_through_keys_that_the_function_may_read_whether_or_not_they_have_variants(
    prefix: str, prefixes: tuple[str, ...] | None, within: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfill, "find_scope", lambda _: Scope(prefixes=prefixes, settings=NOTHING_OF_RAW))

    assert backfill._within_scope(prefix, deployed(), NOTHING_OF_RAW) == within  # noqa: SLF001 - the part that narrows


@pytest.mark.parametrize("prefixes", [("pets/",), ()])
def test_a_prefix_of_no_key_that_it_may_read_is_refused(
    prefixes: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfill, "find_scope", lambda _: Scope(prefixes=prefixes, settings=NOTHING_OF_RAW))

    with pytest.raises(UsageError, match="--prefix 'cars/' finds nothing that is resized: "):
        backfill._within_scope("cars/", deployed(), NOTHING_OF_RAW)  # noqa: SLF001 - as above
