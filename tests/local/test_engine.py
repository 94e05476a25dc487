"""The engine vips, from its setting to what it makes: its bundle, deployed on the emulator."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from darkroom.local.deploy import deploy
from darkroom.local.emulator import emulator
from darkroom.local.synthesis import local_overrides, synthesize
from darkroom.pipeline.client import Pipeline
from resize.imaging.engine import Engine
from resize.imaging.limits import Limits
from resize.imaging.render import render
from stacks.config.config import Config
from support.command.pipelines import manifest_of, upload
from support.imaging.images import encoded, opened, sideways_heic
from support.imaging.likeness import natural

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def with_vips(assemblies: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """The pipeline, running, as `-c engine=vips` deploys it."""
    assembly = synthesize(local_overrides() | {"engine": "vips"}, assemblies)
    with emulator(log=tmp_path_factory.mktemp("engine") / "emulator.log") as aws:
        yield deploy(assembly, aws.endpoint_url, aws.session())


@pytest.mark.parametrize(
    ("key", "source"), [("photo.jpg", encoded(natural(900, 600), "JPEG")), ("phone.heic", sideways_heic())]
)
def test_the_engine_of_the_setting_makes_the_variants(key: str, source: bytes, with_vips: Pipeline) -> None:
    upload(with_vips, key, source)

    manifest = manifest_of(with_vips, key)
    assert (manifest["outcome"], len(manifest["renditions"])) == ("resized", 3)
    expected = render(source, Config().variants, Limits(), None, Engine.VIPS).renditions
    for told, rendition in zip(manifest["renditions"], expected, strict=True):
        stored = with_vips.client("s3").get_object(Bucket=with_vips.derived_bucket, Key=told["key"])["Body"].read()
        assert opened(stored).tobytes() == opened(rendition.body).tobytes()
