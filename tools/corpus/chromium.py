"""Paint an image file in headless Chromium."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Error, Page, sync_playwright

from tools.corpus.exchange import Answer, Exchange, served
from tools.corpus.picture import MOST_FRAME_PIXELS, Animation, Frame, Refused, Result, Shown

# Canvas and compositor in sRGB, whatever the screen is.
_FLAGS = ("--force-color-profile=srgb", "--disable-background-networking")

# A page holds on to decoded images: a fresh one gives them back.
_FILES_A_PAGE = 200

# WebCodecs' names of PQ and HLG: https://www.w3.org/TR/webcodecs/#videotransfercharacteristics
_HDR_TRANSFERS = frozenset({"pq", "hlg"})

# The least and the largest opacity of a picture in which nothing was painted.
_TRANSPARENT = (0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much of an image is read back: pixels of its still, frames.

    And how long painting it may take.
    """

    pixels: int = 40_000_000
    frames: int = 500
    seconds: float = 60.0


class Chromium:
    """Paints one file after another, in one page as long as that answers."""

    def __init__(self, browser: Browser, exchange: Exchange, address: str, bounds: Bounds) -> None:
        self._browser = browser
        self._exchange = exchange
        self._address = address
        self._bounds = bounds
        self._page: Page | None = None
        self._files = 0

    def paint(self, source: bytes, media_type: str) -> Result:
        """Show a file as an `<img>` does."""
        job = self._exchange.begin(source, media_type)
        order = {
            "job": job,
            "type": media_type,
            "mostPixels": self._bounds.pixels,
            "mostFrames": self._bounds.frames,
            "mostFramePixels": MOST_FRAME_PIXELS,
        }
        try:
            self._ready_page().evaluate("order => { paint(order); }", order)  # returns at once: the answer is posted
        except Error as error:
            self._drop_page()
            return Refused(reason="crashed", detail=error.message.splitlines()[0])
        answer = self._exchange.wait(self._bounds.seconds)
        if answer is None:
            self._drop_page()
            return Refused(reason="timed_out", detail=f"no answer within {self._bounds.seconds:.0f} s")
        return _result(answer)

    def _ready_page(self) -> Page:
        self._files += 1
        if self._files % _FILES_A_PAGE == 0:
            self._drop_page()
        if self._page is None:
            self._page = self._browser.new_page()
            self._page.goto(self._address)
        return self._page

    def _drop_page(self) -> None:
        if self._page is not None:
            with suppress(Error):  # it has crashed
                self._page.close()
        self._page = None


@contextmanager
def chromium(executable: str, bounds: Bounds | None = None) -> Iterator[Chromium]:
    """Run Chromium, with no network but loopback's, until the caller is done."""
    exchange = Exchange()
    with served(exchange) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(_FLAGS))
        try:
            yield Chromium(browser, exchange, address, bounds or Bounds())
        finally:
            browser.close()


def _result(answer: Answer) -> Result:
    still = answer.described.get("still")
    if still is None:
        return Refused(reason="unpainted", detail=str(answer.described.get("error", "")))
    size = (int(still["painted"]["width"]), int(still["painted"]["height"]))
    picture = Image.frombytes("RGBA", size, answer.pixels[None])
    animation = answer.described.get("animation", {"frames": 1})
    fault = str(animation.get("fault", ""))
    if fault and picture.getchannel("A").getextrema() == _TRANSPARENT:
        return Refused(reason="unpainted", detail=fault)
    return Shown(
        size=(int(still["width"]), int(still["height"])),
        still=picture,
        frames=int(animation["frames"]),
        animation=_animation(animation, size, answer.pixels) if animation["frames"] > 1 else None,
        fault=fault,
        is_hdr=animation.get("transfer") in _HDR_TRANSFERS,
    )


def _animation(described: dict[str, Any], size: tuple[int, int], pixels: dict[int | None, bytes]) -> Animation:
    """Read an animation: one that is repeated n times is played once more."""
    repetitions = described["repetitions"]
    return Animation(
        frames=tuple(
            Frame(
                image=Image.frombytes("RGBA", size, pixels[number]) if number in pixels else None,
                milliseconds=microseconds / 1000,
            )
            for number, microseconds in enumerate(described["durations"])
        ),
        plays=0 if repetitions is None else repetitions + 1,
    )
