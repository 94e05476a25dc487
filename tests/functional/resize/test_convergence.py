"""Convergence: whatever is delivered, interleaved, repeated or cut short, the newest good upload's variants stand.

One key, uploads whose contents repeat, deletions of every kind, expiry and archiving by lifecycle rules, deployments of
other variants, consumers that stop at every S3 request: hypothesis looks for a sequence after which, once no message is
left, the derived bucket is not what the uploads bucket says.
"""

from itertools import combinations_with_replacement, permutations

import pytest

from contract.keys import manifest_key
from contract.manifest import Outcome
from support.function.convergence_machine import (
    Convergence,
    ConvergenceOfExpired,
    ConvergenceOfPresets,
    FolderConvergence,
    examples,
)

TestConvergence = pytest.mark.long(Convergence.TestCase)
TestConvergence.settings = examples(200)
TestConvergenceOfExpired = pytest.mark.long(ConvergenceOfExpired.TestCase)
TestConvergenceOfExpired.settings = examples(150)
TestConvergenceOfPresets = pytest.mark.long(ConvergenceOfPresets.TestCase)
TestConvergenceOfPresets.settings = examples(200)
TestFolderConvergence = pytest.mark.long(FolderConvergence.TestCase)
TestFolderConvergence.settings = examples(80)


@pytest.mark.parametrize("requests", range(12))
def test_three_deliveries_of_one_job_at_once_of_which_one_is_killed_converge(requests: int) -> None:
    """They move in turn, until the first is killed; the machine above looks for worse."""
    machine = Convergence()
    upload = machine.change(b"A")
    works = [machine.start(upload, is_late=number > 0) for number in range(3)]
    for turn in range(requests):
        works[turn % 3].step()
    works[0].crash()

    for work in works[1:]:
        work.finish()

    machine.settle()
    assert machine.manifest() is not None


def test_variants_of_an_upload_that_was_under_way_when_its_key_lost_them_go_by_the_next_backfill() -> None:
    """Its job had read the source before the newer one's found that there is nothing to do."""
    machine = ConvergenceOfPresets()
    machine.change(b"A")
    slow = machine.start(machine.waiting.pop())
    slow.steps(2)
    machine.lose_variants()
    machine.change(b"B")
    machine.start(machine.waiting.pop()).finish()

    slow.finish()

    manifest = machine.manifest()
    assert manifest is not None
    assert manifest.renditions
    machine.settle()
    assert [key for key in machine.s3.keys("derived") if key != manifest_key(machine.key)] == []


def test_of_expired_variants_that_cannot_be_made_again_only_what_is_as_it_was_is_listed() -> None:
    """An upload that was undone has overwritten one, and its source lies in an archive."""
    machine = ConvergenceOfExpired()
    machine.upload(content=b"A")
    machine.settle()
    machine.archive()
    machine.expire()

    machine.take_back(content=b"A", before=3, after=0, is_cut_short=True, variants=None)

    manifest = machine.manifest()
    assert manifest is not None
    assert manifest.source_expired
    assert len(manifest.renditions) == 1


def test_an_expiry_is_recorded_though_an_upload_that_was_undone_has_overwritten_variants() -> None:
    machine = ConvergenceOfExpired()
    machine.upload(content=b"A")
    machine.settle()
    machine.expire()
    machine.start(machine.waiting.pop())

    machine.take_back(content=b"A", before=3, after=0, is_cut_short=True, variants=None)

    manifest = machine.manifest()
    assert manifest is not None
    assert manifest.source_expired


def test_a_deletion_of_what_had_expired_counts_though_an_upload_that_was_undone_has_a_later_place() -> None:
    machine = ConvergenceOfExpired()
    machine.overtake(slow=b"A", fast=b"A", requests=0)
    machine.expire()
    machine.start(machine.waiting.pop()).finish()
    machine.look_after_all()
    machine.delete()

    machine.take_back(content=b"A", before=3, after=0, is_cut_short=True, variants=None)

    manifest = machine.manifest()
    assert manifest is not None
    assert manifest.outcome is Outcome.REMOVED


@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize("times_settled", [0, 1, 2])
@pytest.mark.parametrize("is_deleted", [False, True])
def test_why_a_source_is_gone_is_known_though_its_event_came_while_a_later_upload_was_current(
    is_deleted: bool, times_settled: int, is_late: bool
) -> None:
    """Events of the marker, or of both, come in any order before and after an upload that is then deleted for good."""
    markers = 2 if is_deleted else 1
    for order in permutations(range(markers)):
        for first, last in combinations_with_replacement(range(markers + 1), 2):
            machine = ConvergenceOfExpired()
            for _ in range(times_settled):
                machine.upload(content=b"A")
                machine.settle()
            machine.upload(content=b"B")
            events = [machine.mark_expired()] + ([machine.change(None)] if is_deleted else [])
            machine.hand_over([events[place] for place in order[:first]], is_late=is_late)
            undone = machine.change(b"C as png")
            machine.hand_over([events[place] for place in order[first:last]], is_late=is_late)

            machine.send(machine.world.delete_version(machine.key, undone.version_id))

            machine.settle()  # compares the manifest with the versions
            manifest = machine.manifest()
            assert manifest is not None
            assert manifest.source_expired is (not is_deleted and manifest.outcome is Outcome.RESIZED)


def test_expired_variants_that_an_undone_upload_overwrote_are_listed_in_the_order_of_who_made_them_again() -> None:
    """Were they listed in an older one, a job in between would replace the manifest, and have to leave them."""
    machine = ConvergenceOfExpired()
    machine.overtake(slow=b"A", fast=b"A", requests=0)
    machine.expire()
    machine.settle()

    machine.take_back(content=b"A", before=4, after=0, is_cut_short=False, variants=None)

    assert machine.manifest() is not None
