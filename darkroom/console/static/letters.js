// The dead letters, grouped by why they failed, and redriving.

import { announce } from "./announcing.js";
import { $, element, say, sync } from "./elements.js";
import { newestSample, state } from "./state.js";
import { count, duration, numbers, secondsSince, shown } from "./words.js";

const redriving = new Set();

export function showLetters() {
  const shownHere = state.groups.reduce((sum, group) => sum + group.letters.length, 0);
  const all = newestSample()?.dead_letters ?? shownHere;
  say($("jump-letters"), all ? `Dead letters: ${numbers.format(all)}` : "Dead letters");
  $("no-letters").hidden = shownHere > 0 || all > 0;
  $("more-letters").hidden = all <= shownHere || shownHere === 0;
  say($("more-letters"), `${numbers.format(shownHere)} of ${numbers.format(all)} are shown. ` +
    "For all of them at once, see `darkroom dlq redrive --help`.");
  const hadFocus = $("groups").contains(document.activeElement);
  sync($("groups"), state.groups, (group) => group.code, makeGroup, updateGroup);
  if (hadFocus && !$("groups").contains(document.activeElement)) $("letters-title").focus();
}

function makeGroup(group) {
  const title = element("h3");
  title.append(...shown(group.code).split(/(?<=\.)/).flatMap((part) => [part, element("wbr")])); // it may break after a dot
  const button = element("button", { class: "button", type: "button" });
  button.addEventListener("click", () => redrive(group.code));
  return element(
    "section", { class: "group" }, element("div", { class: "title" }, title, button), element("ol", { class: "letters" }),
  );
}

function updateGroup(made, group) {
  const button = made.querySelector("button");
  const isBusy = redriving.has(group.code);
  say(button, isBusy ? "Redriving" : `Redrive ${numbers.format(group.letters.length)}`);
  button.disabled = isBusy;
  button.setAttribute("aria-label", `${button.textContent}: ${shown(group.code)}`);
  sync(made.querySelector(".letters"), group.letters, (letter) => letter.id, makeLetter, updateLetter);
}

function makeLetter(letter) {
  const name = element("p", { class: "name", dir: "auto" });
  const more = letter.more_keys ? ` and ${count(letter.more_keys, "other")}` : "";
  name.textContent = letter.keys.length ? letter.keys.map(shown).join(", ") + more : "No job of this pipeline";
  const detail = element("p", { class: "facts detail" });
  detail.textContent = shown([letter.detail, letter.body].filter(Boolean).join(" — "));
  return element("li", { class: "letter" }, pictureOf(letter), element("div", {}, name, element("p", { class: "facts" }), detail));
}

function updateLetter(made, letter) {
  const tried = letter.attempts === null ? "tried an unknown number of times" : `tried ${count(letter.attempts, "time")}`;
  say(made.querySelector(".facts"), `sent ${duration(secondsSince(letter.sent))} ago, ${tried}`);
}

/** The image as it was uploaded, where a browser can show it. */
function pictureOf(letter) {
  const none = element("div", { class: "no-picture" }, "no picture");
  if (!letter.path) return none;
  const image = element("img", { src: letter.path, alt: "What was uploaded", loading: "lazy", width: "64", height: "64" });
  image.addEventListener("error", () => image.replaceWith(none), { once: true });
  return image;
}

async function redrive(code) {
  const ids = state.groups.find((group) => group.code === code)?.letters.map((letter) => letter.id) ?? [];
  redriving.add(code);
  showLetters();
  try {
    const answer = await fetch("redrive", { method: "POST", body: JSON.stringify(ids) });
    const said = await answer.json();
    if (!answer.ok) announce(`${shown(said.error)} No dead letter is lost.`);
    else if (said.moved < said.asked) announce(`${said.moved} of ${said.asked} are queued again. Someone else holds the others.`);
    else announce(`${count(said.moved, "job is", "jobs are")} queued again.`);
  } catch {
    announce("The console did not answer. No dead letter is lost.");
  }
  redriving.delete(code);
  showLetters();
}
