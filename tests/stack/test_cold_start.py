"""Each function that the benchmarks start is as fresh as the first: none leaves the next one anything."""

from pathlib import Path

import pytest

from benchmarks.function.cold_start import FreshFunction
from support.imaging.pictures import jpeg


@pytest.mark.long
def test_a_function_leaves_nothing_in_its_bundle_and_no_copy_behind(tmp_path: Path) -> None:
    source, bundles, work = tmp_path / "photo.jpg", tmp_path / "bundles", tmp_path / "work"
    source.write_bytes(jpeg(64, 48))
    work.mkdir()
    fresh = FreshFunction("pillow", work, cache=bundles)
    before = {*bundles.rglob("*"), *work.iterdir()}

    answer = fresh.first_job(source)

    assert answer.job > 0
    assert {*bundles.rglob("*"), *work.iterdir()} == before
