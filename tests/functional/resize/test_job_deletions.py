"""Jobs of deletions, on moto: what is gone has no variants, and what comes back has them again."""

from dataclasses import replace

import pytest

from contract.errors import StorageError
from contract.manifest import Outcome
from resize.imaging.rendition import Rendered
from support.function.buckets import Buckets, s3_client, settings
from support.function.job_steps import LARGE, THUMB, calls, must_not_render


def test_a_deleted_source_has_no_variants(world: Buckets) -> None:
    world.deliver(world.upload("cat.jpg", b"cat"))

    ended = world.deliver(world.delete("cat.jpg"))

    assert ended.outcome is Outcome.REMOVED
    assert world.derived() == {}
    assert world.manifest("cat.jpg")["outcome"] == "removed"


def test_a_slow_job_does_not_bring_back_a_key_that_was_deleted_meanwhile(world: Buckets) -> None:
    upload = world.upload("cat.jpg", b"cat")

    def overtaken(source: bytes) -> Rendered:
        rendered = world.render(source)
        world.deliver(world.delete("cat.jpg"))
        return rendered

    ended = world.deliver(upload, overtaken)

    assert ended.outcome is Outcome.SUPERSEDED
    assert world.derived() == {}
    assert world.manifest("cat.jpg")["outcome"] == "removed"


def test_a_removed_key_s_manifest_is_tagged_so_that_s3_can_expire_it(world: Buckets) -> None:
    world.upload("cat.jpg", b"cat")
    world.deliver(world.delete("cat.jpg"))

    tags = world.client.get_object_tagging(Bucket="derived", Key="manifests/cat.jpg.json")["TagSet"]

    assert tags == [{"Key": "darkroom-outcome", "Value": "removed"}]


def test_a_key_uploaded_again_after_its_deletion_is_no_longer_tagged_as_removed(world: Buckets) -> None:
    world.upload("cat.jpg", b"cat")
    world.deliver(world.delete("cat.jpg"))

    world.deliver(world.upload("cat.jpg", b"cat"))

    assert world.client.get_object_tagging(Bucket="derived", Key="manifests/cat.jpg.json")["TagSet"] == []
    assert world.shows(THUMB, b"cat")


def test_an_upload_event_that_comes_after_its_deletion_is_superseded(world: Buckets) -> None:
    upload = world.upload("cat.jpg", b"cat")
    world.deliver(world.delete("cat.jpg"))

    assert world.deliver(upload, must_not_render).outcome is Outcome.SUPERSEDED
    assert world.derived() == {}


def test_an_upload_whose_source_is_gone_is_removed(world: Buckets) -> None:
    upload = world.upload("cat.jpg", b"cat")
    world.delete("cat.jpg")

    assert world.deliver(upload, must_not_render).outcome is Outcome.REMOVED


def test_a_deletion_that_was_undone_by_a_new_upload_is_superseded(world: Buckets) -> None:
    world.upload("cat.jpg", b"cat")
    deletion = world.delete("cat.jpg")
    world.upload("cat.jpg", b"cat")

    assert world.deliver(deletion, must_not_render).outcome is Outcome.SUPERSEDED


def test_when_the_current_version_is_deleted_the_one_before_it_has_its_variants_back(world: Buckets) -> None:
    world.deliver(world.upload("cat.jpg", b"old"))
    newer = world.upload("cat.jpg", b"new")
    world.deliver(newer)

    world.deliver(world.delete_version("cat.jpg", newer.version_id))

    assert world.shows(THUMB, b"old")
    assert world.shows(LARGE, b"old")


def test_a_delete_marker_that_is_taken_away_again_brings_the_variants_back(world: Buckets) -> None:
    world.deliver(world.upload("cat.jpg", b"cat"))
    marker = world.delete("cat.jpg")
    world.deliver(marker)

    world.deliver(world.delete_version("cat.jpg", marker.version_id))

    assert world.shows(THUMB, b"cat")


def test_an_old_version_that_is_deleted_changes_no_picture(world: Buckets) -> None:
    older = world.upload("cat.jpg", b"old")
    world.deliver(world.upload("cat.jpg", b"new"))

    world.deliver(world.delete_version("cat.jpg", older.version_id))

    assert world.shows(THUMB, b"new")
    assert world.manifest("cat.jpg")["outcome"] == "resized"


def test_deleting_an_old_version_reads_and_writes_nothing(world: Buckets) -> None:
    older, newer = world.upload("cat.jpg", b"old"), world.upload("cat.jpg", b"new")
    first = world.deliver(newer)
    gone = world.delete_version("cat.jpg", older.version_id)

    made: list[str] = []
    requests = calls(world, lambda: made.append(world.deliver(gone, must_not_render).outcome))

    assert made == [first.outcome]
    assert set(requests) <= {"GetObject", "HeadObject"}


def test_deleting_an_old_version_says_that_nothing_was_left_to_do(world: Buckets) -> None:
    older, newer = world.upload("cat.jpg", b"old"), world.upload("cat.jpg", b"new")
    first = world.deliver(newer)

    ended = world.deliver(world.delete_version("cat.jpg", older.version_id))

    assert (ended.outcome, ended.duplicate, ended.manifest) == (Outcome.RESIZED, True, first.manifest)


def test_deleting_an_old_version_renders_the_current_one_where_the_recipe_is_another(world: Buckets) -> None:
    older = world.upload("cat.jpg", b"old")
    world.deliver(world.upload("cat.jpg", b"new"))
    world.settings = replace(settings(tiny={"width": 16}), function_version=1)

    ended = world.deliver(world.delete_version("cat.jpg", older.version_id))

    assert not ended.duplicate
    assert set(world.derived()) == {"tiny/cat.jpg.webp"}


@pytest.mark.parametrize("damage", ["gone", "another's"])
def test_deleting_a_version_makes_good_what_is_not_as_the_manifest_lists_it(damage: str, world: Buckets) -> None:
    """As a job of the deleted version has left it that was cut short, and whose message is a dead letter by now."""
    world.deliver(world.upload("cat.jpg", b"kept"))
    undone = world.upload("cat.jpg", b"undone")
    if damage == "gone":
        world.client.delete_object(Bucket="derived", Key=THUMB)
    else:
        with pytest.raises(StorageError):
            world.deliver(undone, client=world.client_that_cannot_write("manifests/cat.jpg.json"))

    world.deliver(world.delete_version("cat.jpg", undone.version_id))

    assert world.shows(THUMB, b"kept")
    assert world.shows(LARGE, b"kept")


def test_a_slow_job_whose_upload_was_taken_back_meanwhile_makes_good_what_it_wrote(world: Buckets) -> None:
    """The taking back finds the manifest true, which keeps its order: so the slow job is the later one."""
    world.deliver(world.upload("cat.jpg", b"kept"))
    slow = world.upload("cat.jpg", b"taken back")
    taken_back: list[bool] = []

    def overtaken(source: bytes) -> Rendered:
        if not taken_back:
            event = world.delete_version("cat.jpg", slow.version_id)
            taken_back.append(world.deliver(event, must_not_render).duplicate)
        return world.render(source)

    world.deliver(slow, overtaken)

    assert taken_back == [True]
    assert world.shows(THUMB, b"kept")
    assert world.shows(LARGE, b"kept")


def test_a_slow_deletion_that_was_taken_back_meanwhile_brings_the_variants_back(world: Buckets) -> None:
    world.deliver(world.upload("cat.jpg", b"kept"))
    slow, client = world.delete("cat.jpg"), s3_client()
    taken_back: list[bool] = []

    def take_back(**_: object) -> None:
        if not taken_back:
            event = world.delete_version("cat.jpg", slow.version_id)
            taken_back.append(world.deliver(event, must_not_render).duplicate)

    client.meta.events.register("before-call.s3.PutObject", take_back)
    world.deliver(slow, client=client)

    assert taken_back == [True]
    assert world.manifest("cat.jpg")["outcome"] == "resized"
    assert world.shows(THUMB, b"kept")


@pytest.mark.parametrize("generation", [0, 1])
def test_a_job_cut_short_after_its_manifest_makes_good_an_upload_that_was_taken_back(
    generation: int, world: Buckets
) -> None:
    """Whether its message comes again under the same recipe or another."""
    world.deliver(world.upload("cat.jpg", b"kept"))
    slow = world.upload("cat.jpg", b"taken back")
    with pytest.raises(StorageError, match="HeadObject"):
        world.deliver(slow, client=world.client_that_is_answered("HeadObject", 500, "InternalError", times=1))
    world.client.delete_object(Bucket="uploads", Key="cat.jpg", VersionId=slow.version_id or "")
    if generation:
        world.settings = replace(world.settings, cache_control="no-store", function_version=generation)

    world.deliver(slow)

    assert world.shows(THUMB, b"kept")


def test_a_delete_marker_that_is_taken_away_before_its_event_came_brings_the_variants_back(world: Buckets) -> None:
    """The upload's event came while the marker was there, so the manifest says of this very version that it is gone."""
    upload = world.upload("cat.jpg", b"cat")
    marker = world.delete("cat.jpg")
    world.deliver(upload, must_not_render)

    world.deliver(world.delete_version("cat.jpg", marker.version_id))

    assert world.shows(THUMB, b"cat")


def test_a_version_without_an_id_of_its_own_is_rendered_when_another_is_deleted(world: Buckets) -> None:
    """Versioning is suspended: the version "null" may be another by now, though its ETag is the same."""
    older = world.upload("cat.jpg", b"cat")
    world.client.put_bucket_versioning(Bucket="uploads", VersioningConfiguration={"Status": "Suspended"})
    newer = replace(older, version_id="null", sequencer="00000000000000FF")
    world.client.put_object(Bucket="uploads", Key="cat.jpg", Body=b"cat")
    world.deliver(newer)

    gone = replace(world.delete_version("cat.jpg", older.version_id), sequencer="0000000000000FFF")

    assert not world.deliver(gone).duplicate
