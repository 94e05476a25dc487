"""The check that ends every other test here: does it notice?"""

import json
from collections.abc import Callable

import pytest

from support.aws.uploads_kind import EVENTBRIDGE_UNVERSIONED, OWN
from support.command.convergence import assert_converged
from support.function.faulty import Faulty
from support.imaging.pictures import jpeg

pytestmark = pytest.mark.long


def get(faulty: Faulty, path: str) -> bytes:
    bucket, _, key = path[1:].partition("/")
    return faulty.s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def put(faulty: Faulty, path: str, body: bytes) -> None:
    bucket, _, key = path[1:].partition("/")
    faulty.s3.put_object(Bucket=bucket, Key=key, Body=body)


def remove(faulty: Faulty, path: str) -> None:
    bucket, _, key = path[1:].partition("/")
    faulty.s3.delete_object(Bucket=bucket, Key=key)


def remove_a_rendition(faulty: Faulty) -> None:
    remove(faulty, faulty.rendition("thumb", "cat.jpg"))


def spoil_a_rendition(faulty: Faulty) -> None:
    put(faulty, faulty.rendition("thumb", "cat.jpg"), b"spoiled")


def add_a_rendition(faulty: Faulty) -> None:
    put(faulty, faulty.rendition("thumb", "cat.jpg", "png"), b"nobody's")


def leave_a_variant_out(faulty: Faulty) -> None:
    manifest = json.loads(get(faulty, faulty.manifest("cat.jpg")))
    manifest["renditions"] = [each for each in manifest["renditions"] if each["variant"] != "thumb"]
    put(faulty, faulty.manifest("cat.jpg"), json.dumps(manifest).encode())
    remove_a_rendition(faulty)


def remove_the_manifest(faulty: Faulty) -> None:
    remove(faulty, faulty.manifest("cat.jpg"))


def say_it_was_rejected(faulty: Faulty) -> None:
    manifest = json.loads(get(faulty, faulty.manifest("cat.jpg")))
    put(faulty, faulty.manifest("cat.jpg"), json.dumps(manifest | {"outcome": "rejected"}).encode())


def overwrite_the_source(faulty: Faulty) -> None:
    faulty.pause()
    faulty.upload("cat.jpg", jpeg(color="blue"))
    faulty.messages(1)
    faulty.go_on()


def delete_the_source(faulty: Faulty) -> None:
    faulty.pause()
    faulty.delete("cat.jpg")
    faulty.messages(1)
    faulty.go_on()


@pytest.mark.uploads_kinds(OWN, EVENTBRIDGE_UNVERSIONED)
@pytest.mark.parametrize(
    "damage",
    [
        remove_a_rendition,
        spoil_a_rendition,
        add_a_rendition,
        leave_a_variant_out,
        remove_the_manifest,
        say_it_was_rejected,
        overwrite_the_source,
        delete_the_source,
    ],
)
def test_a_derived_bucket_that_is_not_right_is_noticed(damage: Callable[[Faulty], None], faulty: Faulty) -> None:
    faulty.upload("cat.jpg", jpeg(color="red"))
    faulty.check()

    damage(faulty)

    with pytest.raises(AssertionError):
        assert_converged(faulty.pipeline, faulty.folder)
