// The variants of an upload, drawn in their true ratio to each other: large is larger than medium.

import { element, sync } from "./dom.js";
import { shown, size, weight } from "./format.js";

export function showPictures(place, pictures) {
  const of = (measure) => pictures.map(measure);
  const measures = {
    "--count": pictures.length,
    "--total": of(({ width }) => width).reduce((sum, width) => sum + width, 0),
    "--widest": Math.max(...of(({ width }) => width)),
    "--tallest": Math.max(...of(({ height }) => height)),
  };
  for (const [name, value] of Object.entries(measures)) place.style.setProperty(name, value);
  sync(place, pictures, (picture) => picture.path, makePicture, () => {});
}

function makePicture(picture) {
  const image = element("img", {
    src: picture.path, width: picture.width, height: picture.height, loading: "lazy", decoding: "async",
    alt: `The variant ${shown(picture.variant)}`,
  });
  image.addEventListener("error", () => image.replaceWith(element("p", { class: "no-picture" }, "not there any more")), { once: true });
  const name = element("b");
  name.textContent = shown(picture.variant);
  const about = `${size(picture.width, picture.height)}, ${weight(picture.bytes)}`;
  const caption = element("figcaption", {}, name, element("span", {}, about));
  const made = element("figure", {}, element("a", { class: "frame", href: picture.path, target: "_blank", rel: "noopener" }, image), caption);
  made.style.setProperty("--width", picture.width);
  made.style.setProperty("--height", picture.height);
  return made;
}
