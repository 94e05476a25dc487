"""The page of cuts: every picture with its windows, whatever its name; what is no image is told."""

from pathlib import Path

import pytest
from PIL import Image

from support.imaging.images import encoded
from tools.crops.__main__ import Status, main
from tools.crops.cuts import cut_picture


def bright_on_the_right() -> bytes:
    picture = Image.new("RGB", (320, 160), "black")
    picture.paste("white", (250, 50, 300, 100))
    return encoded(picture)


def test_the_window_and_the_cuts_are_around_what_draws_the_eye() -> None:
    cut = cut_picture("a.png", bright_on_the_right())

    square = cut.shapes[0]
    assert cut.point.x > 0.75
    assert (square.window.left, square.window.top, square.window.width) == pytest.approx((50, 0, 50), abs=1)
    assert [*square.cuts] == ["the middle", "attention, pillow", "attention, vips"]


def test_the_page_has_every_image_and_names_as_text_and_the_rest_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "<b>a.png").write_bytes(bright_on_the_right())
    (tmp_path / "notes.txt").write_text("no image", encoding="utf-8")

    status = main([str(tmp_path), "--out", str(tmp_path / "out")])

    page = (tmp_path / "out" / "contact-sheet.html").read_text(encoding="utf-8")
    assert status is Status.WRITTEN
    assert "&lt;b&gt;a.png" in page
    assert "<b>a.png" not in page
    assert page.count("<figure>") == 9
    assert "'notes.txt' is left out: unknown_format" in capsys.readouterr().out


def test_a_folder_without_images_is_a_failure(tmp_path: Path) -> None:
    assert main([str(tmp_path), "--out", str(tmp_path / "out")]) is Status.NO_IMAGE


def test_what_is_no_folder_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["missing"])

    assert ended.value.code == 2
    assert "'missing' is no folder" in capsys.readouterr().err
