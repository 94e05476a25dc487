"""The sample that is drawn: it is what the program draws, and large enough to show what each variant is for."""

from pathlib import Path

from PIL import Image, ImageChops, ImageStat

from tools import sample

MOUNTAINS = Path(__file__).parents[3] / "samples" / "mountains.jpg"


def test_the_sample_is_what_the_program_draws() -> None:
    with Image.open(MOUNTAINS) as picture:
        difference = ImageStat.Stat(ImageChops.difference(picture.convert("RGB"), sample.draw()))

    assert max(difference.mean) < 2


def test_the_program_writes_a_small_file_of_3000_pixels(tmp_path: Path) -> None:
    sample.main([str(tmp_path / "new.jpg")])

    with Image.open(tmp_path / "new.jpg") as picture:
        assert picture.size == (3000, 2000)
    assert (tmp_path / "new.jpg").stat().st_size < 150_000
