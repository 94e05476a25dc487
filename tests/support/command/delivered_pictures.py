"""What a page shows that has the markup of a delivered picture."""

from typing import Any

from playwright.sync_api import Page

from contract.delivery import picture
from contract.manifest import Manifest
from darkroom.pipeline.client import Pipeline

_SHOWN = """async () => {
  const image = document.querySelector("img");
  await image.decode();
  const bytes = await (await fetch(image.currentSrc)).blob();
  const canvas = new OffscreenCanvas(1, 1).getContext("2d");
  canvas.drawImage(await createImageBitmap(bytes), 0, 0, 1, 1);
  const [red, , blue] = canvas.getImageData(0, 0, 1, 1).data;
  const color = red > 200 && blue < 60 ? "red" : blue > 200 && red < 60 ? "blue" : `${red} and ${blue}`;
  return { source: image.currentSrc, type: bytes.type, color, size: [image.width, image.height] };
}"""


def shown(page: Page, pipeline: Pipeline, manifest: Manifest) -> dict[str, Any]:
    """What a page shows that has the whole markup, and nothing besides."""
    markup = picture(base_of(pipeline), manifest.renditions, manifest.placeholder)
    page.set_content(f"<!doctype html>{markup}")
    seen: dict[str, Any] = page.evaluate(_SHOWN)
    return seen


def base_of(pipeline: Pipeline) -> str:
    """Where its distribution is."""
    assert pipeline.delivery_url is not None
    return pipeline.delivery_url
