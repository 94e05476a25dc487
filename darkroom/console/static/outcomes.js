// What the event log says: the newest outcomes of all uploads, whoever uploaded them.

import { $, element, say, sync } from "./dom.js";
import { count, shown } from "./format.js";
import { state } from "./state.js";

const KEPT = 100; // as many as the server keeps
const clock = new Intl.DateTimeFormat("en", { timeStyle: "medium", hourCycle: "h23" });

export function showOutcomes() {
  $("outcomes").hidden = $("jump-log").hidden = !state.log;
  if (!state.log) return;
  const newest = [...state.outcomes.values()].sort((a, b) => compare(b.time, a.time) || b.offset - a.offset);
  for (const old of newest.splice(KEPT)) state.outcomes.delete(place(old));
  say($("about-log"), shown(`${state.log.topic} at ${state.log.where}`));
  $("no-outcomes").hidden = newest.length > 0;
  sync($("outcome-list"), newest, place, make, () => {});
}

const compare = (a, b) => (a < b ? -1 : Number(a > b));
const place = (outcome) => `${outcome.partition}:${outcome.offset}`;

function make(outcome) {
  const name = element("p", { class: "name", dir: "auto" }, shown(outcome.key));
  const word = element("b", { class: outcome.outcome }, outcome.outcome);
  const reason = outcome.reason ? `: ${shown(outcome.reason)}` : "";
  const about = `${reason}, ${nth(outcome.revision)}, ${at(outcome.time)}`;
  return element("li", {}, name, element("p", { class: "facts" }, word, about));
}

/** Which of its key's outcomes it is; 0 is what stood there before events were turned on. */
const nth = (revision) => (revision ? `${count(revision, "outcome")} so far` : "from before events");

function at(time) {
  const parsed = new Date(time);
  return Number.isNaN(parsed.valueOf()) ? shown(time) : clock.format(parsed);
}
