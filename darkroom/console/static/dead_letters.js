// The dead letters, grouped by why they failed; they are redriven, or discarded.

import { announce } from "./announcer.js";
import { $, element, say, sync } from "./dom.js";
import { newestSample, state } from "./state.js";
import { count, duration, numbers, secondsSince, shown } from "./format.js";

const busy = new Map(); // what is being done with a group

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
  const [again, away] = ["button again", "button away"].map((name) => element("button", { class: name, type: "button" }));
  again.addEventListener("click", () => redrive(group.code));
  away.addEventListener("click", () => askToDiscard(group.code));
  const buttons = element("div", { class: "buttons" }, again, away);
  return element(
    "section", { class: "group" }, element("div", { class: "title" }, title, buttons), element("ol", { class: "letters" }),
  );
}

function updateGroup(made, group) {
  const many = numbers.format(group.letters.length);
  for (const [name, what, doing] of [[".again", "Redrive", "Redriving"], [".away", "Discard", "Discarding"]]) {
    const button = made.querySelector(name);
    say(button, busy.get(group.code) === doing ? doing : `${what} ${many}`);
    button.disabled = busy.has(group.code);
    button.setAttribute("aria-label", `${button.textContent}: ${shown(group.code)}`);
  }
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

const idsOf = (code) => state.groups.find((group) => group.code === code)?.letters.map((letter) => letter.id) ?? [];

async function redrive(code) {
  await post("redrive", code, idsOf(code), "Redriving", (said) => {
    if (said.moved < said.asked) return `${said.moved} of ${said.asked} are queued again. Someone else holds the others.`;
    return `${count(said.moved, "job is", "jobs are")} queued again.`;
  });
}

/** Nothing is discarded that was not shown when it was asked: what comes meanwhile stays. */
async function askToDiscard(code) {
  const [ids, dialog] = [idsOf(code), $("discard")];
  say($("discard-title"), `Discard ${count(ids.length, "dead letter")}?`);
  say($("discard-reason"), shown(code));
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((done) => dialog.addEventListener("close", done, { once: true }));
  if (dialog.returnValue !== "discard") return;
  await post("discard", code, ids, "Discarding", (said) => {
    const others = said.discarded < said.asked ? " Someone else holds the others." : "";
    say($("discarded-file"), `darkroom dlq redrive --from ${shown(quoted(said.saved))}`);
    $("discarded").hidden = said.discarded === 0;
    return `${count(said.discarded, "dead letter is", "dead letters are")} discarded.${others}`;
  });
}

/** Quote a path for a shell. */
const quoted = (path) => (/^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`);

async function post(path, code, ids, doing, sentence) {
  busy.set(code, doing);
  showLetters();
  try {
    const answer = await fetch(path, { method: "POST", body: JSON.stringify(ids) });
    const said = await answer.json();
    tell(answer.ok ? sentence(said) : `${shown(said.error)} No dead letter is lost.`, answer.ok);
  } catch {
    tell("The console did not answer. No dead letter is lost.", false);
  }
  busy.delete(code);
  showLetters();
}

/** Say what came of it, where it is seen as well as heard. */
function tell(text, isGood) {
  announce(text);
  $("told-of-letters").hidden = false;
  $("told-of-letters").classList.toggle("bad", !isGood);
  say($("told-of-letters"), text);
}
