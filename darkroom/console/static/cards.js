// The card of one upload: how far it has come, its pictures, or why there are none.

import { element, say } from "./dom.js";
import { fit } from "./ellipsis.js";
import { makeFiles, showFiles } from "./files.js";
import { showPictures } from "./pictures.js";
import { isOnItsWay, wordOf } from "./stages.js";
import { line, own } from "./state.js";
import { duration, numbers, secondsSince, shown, size, weight } from "./format.js";

/** Make the card of an upload; `updateCard` fills it. */
export function makeCard(row) {
  const about = element(
    "div", {},
    element("h3", { class: "name", dir: "auto" }),
    element(
      "div", { class: "progress" },
      element("ol", { class: "steps" }, element("li"), element("li"), element("li")),
      element("p", { class: "facts seen" }),
    ),
    element("progress", { max: "1", "aria-label": "Uploaded" }),
    element("p", { class: "why" }, element("b"), element("span")),
    element("p", { class: "facts detail" }),
    element("button", { class: "button", type: "button" }, "Try again"),
  );
  about.querySelector("button").addEventListener("click", (event) => {
    event.target.dispatchEvent(new CustomEvent("try-again", { bubbles: true, detail: row.id }));
  });
  return element("li", {}, about, element("div", { class: "pictures" }), makeFiles(row.id));
}

export function updateCard(made, row) {
  const text = JSON.stringify([row, own.get(row.id)?.sent, Boolean(own.get(row.id)?.file), mineWaits(row), innerWidth]);
  if (made.dataset.text === text) return;
  made.dataset.text = text;
  made.className = row.stage;
  fit(made.querySelector(".name"), shown(row.key)); // a file dropped before the first news has no folder yet
  if (/^#[0-9a-f]{6}$/i.test(row.color ?? "")) made.style.setProperty("--dominant", row.color);
  else made.style.removeProperty("--dominant");
  updateSteps(made.querySelector(".steps"), row);
  const mine = own.get(row.id);
  made.querySelector("progress").hidden = row.stage !== "uploading" || !mine;
  if (mine) made.querySelector("progress").value = mine.sent;
  updateWhy(made.querySelector(".why"), row);
  say(made.querySelector(".detail"), shown(row.detail ?? ""));
  say(made.querySelector(".seen"), facts(row));
  made.querySelector("button").hidden = row.stage !== "not_uploaded" || !mine?.file;
  showPictures(made.querySelector(".pictures"), row.pictures ?? []);
  showFiles(made.querySelector(".files"), row);
}

function updateSteps(steps, row) {
  const at = { uploading: 0, not_uploaded: 0, queued: 1 }[row.stage] ?? 2;
  const words = ["Uploaded", "Queued", "Resized"];
  if (row.stage === "uploading") words[0] = mineWaits(row) ? "Waiting to upload" : "Uploading";
  if (at === 2 || row.stage === "not_uploaded") words[at] = wordOf(row.stage)[0].toUpperCase() + wordOf(row.stage).slice(1);
  [...steps.children].forEach((step, place) => {
    const isEnd = place === at && !isOnItsWay(row);
    step.hidden = row.stage === "not_uploaded" && place > 0;
    step.className = isEnd ? "end done" : place === at ? "now" : place < at ? "done" : "";
    if (place === at && !isEnd) step.setAttribute("aria-current", "step");
    else step.removeAttribute("aria-current");
    if (!(place === 1 && row.stage === "queued")) say(step, words[place]);
  });
}

const mineWaits = (row) => line.some((upload) => upload.id === row.id);

function updateWhy(why, row) {
  why.hidden = !row.reason && !row.meaning;
  say(why.firstElementChild, row.reason ? `${shown(row.reason)}: ` : "");
  say(why.lastElementChild, shown(row.meaning ?? ""));
}

function facts(row) {
  const source = row.format ? `${row.format} ${row.width ? size(row.width, row.height) : ""}`.trim() : "";
  const took = row.milliseconds === null ? "" : `${numbers.format(row.milliseconds)} ms`;
  const preset = row.preset ? `preset ${row.preset}` : "";
  return [source, weight(row.size), took, preset].filter(Boolean).map(shown).join(", ");
}

/** Tell in a queued upload's card how long it has waited. */
export function showWait(made, row) {
  if (row.stage === "queued") say(made.querySelector(".steps").children[1], `Queued for ${duration(secondsSince(row.since))}`);
}
