// The files of an upload: where each is in its bucket, to be opened, downloaded, and its key copied.

import { announce } from "./announcer.js";
import { element } from "./dom.js";
import { shown } from "./format.js";

const open = new Set(); // of which uploads, for as long as the page is

export function makeFiles(id) {
  const made = element("details", { class: "files" }, element("summary", {}, "Files and keys"), element("ul"));
  made.open = open.has(id);
  made.addEventListener("toggle", () => (made.open ? open.add(id) : open.delete(id)));
  return made;
}

/** Fill the list: the upload's own key, those of its variants, and what HTML needs to show them. */
export function showFiles(made, row) {
  const items = [fileOf("Upload", row.key, [copyButton("key", row.key)])];
  for (const picture of row.pictures ?? []) {
    const url = picture.url ? [copyButton("URL", picture.url)] : [];
    items.push(fileOf(picture.variant, picture.key, [...linksTo(picture), copyButton("key", picture.key), ...url]));
  }
  if (row.srcset) items.push(fileOf("srcset", row.srcset, [copyButton("srcset", row.srcset)]));
  if (row.markup) items.push(fileOf("picture", row.markup, [copyButton("picture", row.markup)]));
  made.hidden = !row.pictures?.length;
  made.lastElementChild.replaceChildren(...items);
}

function fileOf(title, text, actions) {
  const [name, code] = [element("b"), element("code", { dir: "auto" })];
  name.textContent = shown(title);
  code.textContent = shown(text);
  return element("li", {}, name, code, element("span", { class: "actions" }, ...actions));
}

function linksTo(picture) {
  const name = `${picture.variant}-${picture.key.slice(picture.key.lastIndexOf("/") + 1)}`;
  const look = element("a", { href: picture.path, target: "_blank", rel: "noopener" }, "Open");
  const load = element("a", { href: picture.path, download: shown(name) }, "Download");
  look.setAttribute("aria-label", `Open ${shown(picture.variant)}`);
  load.setAttribute("aria-label", `Download ${shown(picture.variant)}`);
  return [look, load];
}

function copyButton(what, text) {
  const button = element("button", { type: "button", class: "quiet" }, `Copy ${what}`);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text); // as it is, not as it is shown
      announce(`The ${what} is copied.`);
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = `Copy ${what}`), 2000);
    } catch {
      getSelection().selectAllChildren(button.closest("li").querySelector("code"));
      announce(`The browser does not let the page copy. The ${what} is selected: copy it yourself.`);
    }
  });
  return button;
}
