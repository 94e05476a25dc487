"""From a bucket made by hand to a page: adopted, resized by folder, delivered, overwritten, broken, and given back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from contract.errors import Reason
from contract.manifest import Outcome
from darkroom.adoption.bucket import read_bucket
from darkroom.adoption.census import take_census
from darkroom.adoption.findings import judge
from darkroom.doctor.findings import Level
from darkroom.local.synthesis import configuration
from support.aws.adopted_bucket import BUCKET, AdoptedBucket, adopting, as_text, bucket_made_by_hand
from support.command.browsers import DEADLINE
from support.command.delivered_pictures import shown
from support.imaging.pictures import jpeg

pytestmark = pytest.mark.long

SETTINGS: dict[str, object] = {
    "delivery": {},
    "variants": {},
    "presets": [
        {"prefix": "avatars/", "variants": {"square": {"width": 40, "height": 40, "fit": "cover"}}},
        {"prefix": "products/", "variants": {"large": {"width": 200, "format": "auto"}, "small": {"width": 100}}},
    ],
}
AVATAR, PRODUCT, DOCUMENT = "avatars/anna.jpg", "products/chair +1.jpg", "documents/scan.jpg"


@pytest.fixture
def adopted(tmp_path: Path) -> Iterator[AdoptedBucket]:
    with bucket_made_by_hand(tmp_path / "emulator.log", tmp_path / "assemblies") as made:
        yield made


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 800, "height": 600})
    context.set_default_timeout(DEADLINE)
    yield context.new_page()
    context.close()


def obstacles(adopted: AdoptedBucket) -> list[str]:
    """What `darkroom adopt` says would keep the bucket from working."""
    session, endpoint_url = adopted.aws.session(), adopted.aws.endpoint_url
    config = configuration(adopting(SETTINGS))
    census = take_census(adopted.s3, BUCKET, "", config.presets)
    found = judge(read_bucket(BUCKET, endpoint_url, session), census, region=session.region_name, config=config)
    return [each.what for each in found if each.level is Level.FAULT]


def test_a_bucket_that_people_have_is_adopted_shown_in_a_page_and_given_back(
    adopted: AdoptedBucket, page: Page
) -> None:
    before = adopted.notifications()
    assert obstacles(adopted) == []
    pipeline = adopted.deploy(SETTINGS)

    document = adopted.upload(DOCUMENT, jpeg(400, 300, color="red"))
    avatar = adopted.outcome(pipeline, AVATAR, adopted.upload(AVATAR, jpeg(400, 300, color="red")))
    first = adopted.outcome(pipeline, PRODUCT, adopted.upload(PRODUCT, jpeg(400, 300, color="red")))
    pages = [shown(page, pipeline, first)]
    second = adopted.outcome(pipeline, PRODUCT, adopted.upload(PRODUCT, jpeg(400, 300, color="blue")))
    pages.append(shown(page, pipeline, second))
    broken = adopted.outcome(pipeline, PRODUCT, adopted.upload(PRODUCT, b"no image"))
    pages.append(shown(page, pipeline, broken))

    assert [each.variant for each in avatar.renditions] == ["square"]
    assert {each.variant for each in first.renditions} == {"large", "small"}
    assert [each["color"] for each in pages] == ["red", "blue", "blue"]
    assert pages[0]["source"] != pages[1]["source"]
    assert (broken.outcome, broken.reason) == (Outcome.REJECTED, Reason.UNKNOWN_FORMAT)
    assert broken.shown is not None
    assert broken.shown.version_id == second.source.version_id

    adopted.destroy(pipeline)

    assert as_text(adopted.notifications()) == as_text(before)
    assert adopted.s3.head_object(Bucket=BUCKET, Key=DOCUMENT)["VersionId"] == document
