// What is said aloud: one sentence for all that ended lately.

import { $, say } from "./dom.js";
import { isOnItsWay, tally } from "./stages.js";
import { state } from "./state.js";
import { numbers } from "./format.js";

const openedAt = Date.now();
let saidBefore = new Map();

/** What was there before the page was is no news. */
export function noNews() {
  saidBefore = new Map([...state.uploads.values()].map((row) => [row.id, row.stage]));
}

/** Tell assistive technology what has become of uploads: one sentence for all that ended, every few seconds. */
export function announceOutcomes() {
  const ended = [...state.uploads.values()].filter((row) => !isOnItsWay(row));
  const news = ended.filter((row) => saidBefore.get(row.id) !== row.stage && Date.parse(row.since) > openedAt);
  saidBefore = new Map(ended.map((row) => [row.id, row.stage]));
  const onTheWay = state.uploads.size - ended.length;
  if (news.length) announce(`${tally(news)}. ${onTheWay ? `${numbers.format(onTheWay)} still on the way.` : ""}`.trim());
}

export const announce = (text) => say($("said"), text);
