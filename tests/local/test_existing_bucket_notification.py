"""A bucket made by hand, with versions and a notification of somebody else, on the emulator: adopted and given back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.manifest import Outcome
from darkroom.doctor.checks import checks
from darkroom.doctor.findings import Level
from darkroom.local.synthesis import configuration
from darkroom.pipeline.client import DeploymentError, Pipeline
from support.aws.adopted_bucket import BUCKET, PATIENCE, AdoptedBucket, adopting, as_text, bucket_made_by_hand
from support.imaging.pictures import jpeg

pytestmark = pytest.mark.long


@pytest.fixture
def adopted(assemblies: Path, tmp_path: Path) -> Iterator[AdoptedBucket]:
    with bucket_made_by_hand(tmp_path / "emulator.log", assemblies) as made:
        yield made


def test_a_bucket_is_adopted_and_resized_and_given_back_as_it_was(adopted: AdoptedBucket) -> None:
    before = adopted.notifications()

    pipeline = adopted.deploy({"key_prefix": "shop/"})

    beside = adopted.notifications()
    assert {name: beside[name] for name in before} == before
    version = adopted.upload("shop/cät +1.jpg", jpeg(60, 40))
    assert adopted.outcome(pipeline, "shop/cät +1.jpg", version).outcome is Outcome.RESIZED
    assert faults(adopted, pipeline, "shop/") == []

    adopted.destroy(pipeline)

    assert as_text(adopted.notifications()) == as_text(before)
    assert adopted.s3.get_object(Bucket=BUCKET, Key="shop/cät +1.jpg")["VersionId"] == version


def test_another_prefix_takes_the_place_of_the_first_and_one_that_overlaps_leaves_all_as_it_is(
    adopted: AdoptedBucket,
) -> None:
    before = adopted.notifications()
    adopted.deploy({"key_prefix": "shop/"})
    pipeline = adopted.deploy({"key_prefix": "avatars/"})
    (entry,) = adopted.notifications()["QueueConfigurations"]
    assert entry["Filter"]["Key"]["FilterRules"][0]["Value"] == "avatars/"
    with_ours = adopted.notifications()

    with pytest.raises(
        DeploymentError, match=r"photos sends s3:ObjectCreated:Put of keys that start with 'documents/'"
    ):
        adopted.deploy({"key_prefix": "documents/new/"})

    assert adopted.notifications() == with_ours
    assert [each for each in faults(adopted, pipeline, "documents/new/") if "documents/" in each]
    adopted.destroy(pipeline)
    assert as_text(adopted.notifications()) == as_text(before)


def faults(adopted: AdoptedBucket, pipeline: Pipeline, key_prefix: str) -> list[str]:
    """What `darkroom doctor` says is broken, or would be by the next deployment."""
    settings = {"key_prefix": key_prefix}
    looks = checks(pipeline, configuration(adopting(settings)), adopted.assembly(settings), idle_timeout=PATIENCE)
    return [found.what for check in looks for found in check.findings() if found.level is Level.FAULT]
