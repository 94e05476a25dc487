"""Both engines against a real browser: what is right passes, what differs is found, and a reason lets it pass."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from resize.imaging.engine import Engine
from support.imaging.images import animation, encoded, quadrants
from tools.corpus.__main__ import Status, main
from tools.corpus.chromium import Chromium
from tools.corpus.chromium import chromium as running
from tools.corpus.engines import EngineUnderTest
from tools.corpus.exchange import Exchange
from tools.corpus.judgement import Evidence, Verdict, judge
from tools.corpus.picture import Refused, Shown

pytestmark = pytest.mark.long

FRAMES = [Image.new("RGB", (64, 48), color) for color in ("red", "lime", "blue")]

# Half a picture is no picture, whatever a browser paints of it: that stays a difference.
HALF = encoded(Image.effect_noise((200, 150), 60).convert("RGB"), "JPEG")[:6000]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "right.png").write_bytes(encoded(quadrants()))
    (folder / "moves.gif").write_bytes(animation("GIF", FRAMES, [100, 200, 300], loop=0))
    (folder / "half.jpg").write_bytes(HALF)
    (folder / "unreadable.png").write_bytes(b"\x89PNG\r\n\x1a\nand no more")
    return folder


@pytest.fixture
def painter(chromium: str) -> Iterator[Chromium]:
    with running(chromium) as painter:
        yield painter


def test_what_differs_is_listed_and_fails_the_run(
    chromium: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main([str(folder), "--out", str(tmp_path / "out"), "--chromium", chromium])

    lines = [json.loads(line) for line in (tmp_path / "out" / "files.jsonl").read_text().splitlines()]
    assert {
        line["name"]: (line["painted"], *(opinion["verdict"] for opinion in line["opinions"].values()))
        for line in lines
    } == {
        "half.jpg": (True, "rejected", "rejected"),
        "moves.gif": (True, "right", "right"),
        "right.png": (True, "right", "right"),
        "unreadable.png": (False, "refused", "refused"),
    }
    assert status is Status.DIFFERS
    assert "1 pillow: image/jpeg rejected, corrupt" in capsys.readouterr().out
    assert "half.jpg" in (tmp_path / "out" / "contact-sheet.html").read_text()


def test_what_differs_for_a_known_reason_passes(chromium: str, folder: Path, tmp_path: Path) -> None:
    known = tmp_path / "known.json"
    known.write_text('{"half.jpg": "half of its blocks are missing"}')

    arguments = [str(folder), "--out", str(tmp_path / "out"), "--known", str(known), "--chromium", chromium]

    assert main(arguments) is Status.ALIKE


def test_chromium_gives_back_the_pixels_that_are_in_the_file(painter: Chromium) -> None:
    transparent = quadrants().convert("RGBA")
    transparent.putpixel((0, 0), (0, 0, 0, 0))

    painted = painter.paint(encoded(transparent), "image/png")

    assert isinstance(painted, Shown)
    assert painted.still.tobytes() == transparent.tobytes()


def test_chromium_plays_frames_with_their_times(painter: Chromium) -> None:
    painted = painter.paint(animation("GIF", FRAMES, [100, 200, 300], loop=2), "image/gif")

    assert isinstance(painted, Shown)
    assert painted.animation is not None
    assert painted.animation.plays == 3
    assert [frame.milliseconds for frame in painted.animation.frames] == [100, 200, 300]
    colors = [frame.image.getpixel((9, 9)) for frame in painted.animation.frames if frame.image]
    assert colors == [(255, 0, 0, 255), (0, 255, 0, 255), (0, 0, 255, 255)]


def test_an_engine_that_shows_something_else_is_found(painter: Chromium) -> None:
    with EngineUnderTest(Engine.PILLOW) as pillow:
        right = pillow.show(encoded(quadrants()), moves=False)
        wrong = pillow.show(encoded(quadrants().rotate(180)), moves=False)
    found = judge(
        Evidence(
            name="turned.png",
            media_type="image/png",
            is_hdr=False,
            chromium=painter.paint(encoded(quadrants()), "image/png"),
            engines={"right": right, "wrong": wrong},
        )
    )

    assert [opinion.verdict for opinion in found.opinions.values()] == [Verdict.RIGHT, Verdict.WRONG]
    assert found.disagreement is not None


def test_a_file_that_takes_too_long_costs_only_itself(painter: Chromium, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Exchange, "wait", lambda _exchange, _seconds: None)  # time is up, whenever the answer comes
        late = painter.paint(encoded(quadrants(8, 8)), "image/png")

    assert late == Refused(reason="timed_out", detail="no answer within 60 s")
    painted = painter.paint(encoded(quadrants()), "image/png")
    assert isinstance(painted, Shown)
    assert painted.size == (64, 48)
