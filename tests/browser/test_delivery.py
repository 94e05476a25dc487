"""A distribution on the emulator, from upload to a page in Chromium: overwritten, and seen anew.

The emulator's CloudFront runs the functions and policies, keeps nothing, and answers 403 where a key is missing.
"""

import shlex
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Browser, Page

from contract.delivery import url_of, variant_urls
from contract.manifest import Manifest
from darkroom.doctor.delivery import check_delivery
from darkroom.doctor.findings import Level
from darkroom.local.local_pipeline import local_pipeline
from darkroom.pipeline.client import Pipeline
from darkroom.uploads.local_files import LocalFile
from darkroom.uploads.outcomes import wait_for_outcomes
from darkroom.uploads.upload import upload_all
from darkroom.uploads.watcher import PipelineWatcher
from stacks.config.parser import parse_config
from support.command.browsers import DEADLINE
from support.command.delivered_pictures import base_of, shown
from support.imaging.pictures import jpeg

pytestmark = pytest.mark.long

OVERRIDES = {
    "delivery": {},
    "variants": {
        "large": {"width": 200, "format": "auto"},
        "medium": {"width": 100, "format": "auto"},
        "thumb": {"width": 40, "height": 40, "fit": "cover"},
    },
}
KEY = 'pets/it\'s a "cät" +1 100% <b>.jpg'
PATIENCE = 120.0
THEIR_BUCKET = {"name": "photos", "prefix": "made/"}


@dataclass(frozen=True)
class Answer:
    """What a client of the distribution gets."""

    status: int
    headers: dict[str, str]
    body: bytes


@pytest.fixture(scope="module")
def delivered() -> Iterator[Pipeline]:
    with local_pipeline(OVERRIDES, begin=lambda _: None) as local:
        yield local.pipeline


@pytest.fixture
def in_their_bucket() -> Iterator[Pipeline]:
    with local_pipeline(OVERRIDES | {"derived_bucket": THEIR_BUCKET}, begin=lambda _: None) as local:
        yield local.pipeline


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 800, "height": 600})
    context.set_default_timeout(DEADLINE)
    yield context.new_page()
    context.close()


def uploaded(pipeline: Pipeline, folder: Path, color: str, key: str = KEY) -> Manifest:
    """Upload a picture of one color as the command does, and wait for its manifest."""
    path = folder / f"{color}.jpg"
    path.write_bytes(jpeg(400, 300, color=color))
    uploads = [*upload_all([LocalFile(path, key)], pipeline)]
    watcher = PipelineWatcher(pipeline.client("s3"), pipeline.client("sqs"), pipeline)
    (result,) = [each for some in wait_for_outcomes(uploads, watcher, idle_timeout=PATIENCE) for each in some]
    assert result.manifest is not None, result
    return result.manifest


def get(url: str | None, method: str = "GET", **headers: str) -> Answer:
    """Ask as any client does: the distribution is reached on loopback, whatever this machine's DNS knows."""
    split = urlsplit(str(url))
    with closing(HTTPConnection("127.0.0.1", split.port or 80, timeout=PATIENCE)) as connection:
        connection.request(method, str(url).partition(split.netloc)[2], headers={"Host": split.netloc, **headers})
        answer = connection.getresponse()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())


def test_a_page_shows_the_picture_and_after_an_overwrite_the_new_one_at_once(
    delivered: Pipeline, page: Page, tmp_path: Path
) -> None:
    red = uploaded(delivered, tmp_path, "red")
    before = shown(page, delivered, red)

    blue = uploaded(delivered, tmp_path, "blue")
    after = shown(page, delivered, blue)

    assert (before["color"], after["color"]) == ("red", "blue")
    assert before["type"] == after["type"] == "image/avif"
    assert after["size"] == [200, 150]
    assert before["source"] != after["source"]
    assert before["source"].partition("?")[0] == after["source"].partition("?")[0]


def test_only_the_version_that_is_answered_with_stays_for_a_year(delivered: Pipeline, tmp_path: Path) -> None:
    made = uploaded(delivered, tmp_path, "red", "versions.jpg")
    url = str(url_of(base_of(delivered), made.renditions[-1]))

    by_version, plain, older = get(url), get(url.partition("?")[0]), get(f"{url}0")

    kept = [each.headers["cache-control"] for each in (by_version, plain, older)]
    assert kept == ["public, max-age=31536000, immutable", *["public, max-age=3600"] * 2]
    assert [each.status for each in (by_version, plain, older)] == [200] * 3
    assert get(url, "HEAD").headers["cache-control"] == kept[0]


def test_one_url_is_answered_with_what_each_client_reads(delivered: Pipeline, tmp_path: Path) -> None:
    made = uploaded(delivered, tmp_path, "red", "auto.jpg")
    url = variant_urls(base_of(delivered), made.renditions)["large"]

    answers = [get(url, Accept=accept) for accept in ("image/avif,*/*", "image/webp,*/*", "*/*")]

    assert [each.headers["content-type"] for each in answers] == ["image/avif", "image/webp", "image/jpeg"]
    assert {each.headers["cache-control"] for each in answers} == {"public, max-age=31536000, immutable"}
    assert {each.headers["vary"] for each in answers} == {"Accept"}
    assert "vary" not in get(url_of(base_of(delivered), made.renditions[0])).headers


def test_every_answer_has_the_headers_of_security_and_a_page_may_read_it(delivered: Pipeline, tmp_path: Path) -> None:
    made = uploaded(delivered, tmp_path, "red", "headers.jpg")

    headers = get(url_of(base_of(delivered), made.renditions[0]), Origin="https://www.example.com").headers

    assert headers["strict-transport-security"] == "max-age=31536000"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
    assert headers["cross-origin-resource-policy"] == "cross-origin"
    assert headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("path", ["/", "/?list-type=2", "/manifests/private.jpg.json", "/thumb/missing.jpg.webp"])
def test_neither_a_list_nor_a_manifest_is_delivered_and_no_error_stays(
    delivered: Pipeline, tmp_path: Path, path: str
) -> None:
    uploaded(delivered, tmp_path, "red", "private.jpg")

    answer = get(f"{base_of(delivered)}{path}")

    assert answer.status == 403
    assert "cache-control" not in answer.headers
    assert b"private.jpg.webp" not in answer.body


def test_a_bucket_that_was_there_is_delivered_once_its_owner_has_run_the_command_that_doctor_prints(
    in_their_bucket: Pipeline, tmp_path: Path
) -> None:
    config = parse_config({"delivery": {}, "derived_bucket": THEIR_BUCKET})
    s3 = in_their_bucket.client("s3")
    s3.put_object(Bucket="photos", Key="secret.txt", Body=b"of somebody else")
    manifest = uploaded(in_their_bucket, tmp_path, "red")
    base = base_of(in_their_bucket)
    url = variant_urls(base, manifest.renditions)["thumb"]
    refused = get(url).status
    (fault,) = [each for each in check_delivery(in_their_bucket, config) if each.level is Level.FAULT]

    s3.put_bucket_policy(Bucket="photos", Policy=shlex.split(fault.advice)[-1])

    thumb = get(url)
    assert (refused, thumb.status, thumb.headers["content-type"]) == (403, 200, "image/webp")
    assert [each.level for each in check_delivery(in_their_bucket, config)] == [Level.OK, Level.OK]
    others = ["secret.txt", quote(in_their_bucket.manifest_key(KEY))]
    assert [get(f"{base}/{each}").status for each in others] == [403, 403]
