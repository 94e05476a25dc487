// The stages of an upload: their words, which of them end it, and how many uploads are at each.

import { numbers, shown } from "./words.js";

const WORDS = {
  uploading: "uploading", queued: "queued", resized: "resized", rejected: "rejected", removed: "removed",
  superseded: "superseded", failed: "failed", not_uploaded: "not uploaded",
};
export const wordOf = (stage) => Object.hasOwn(WORDS, stage) ? WORDS[stage] : shown(stage); // a later version has others
const ON_THE_WAY = new Set(["uploading", "queued"]);
export const isOnItsWay = (row) => ON_THE_WAY.has(row.stage);

export function tally(rows) {
  const known = new Set([...Object.keys(WORDS), ...rows.map((row) => row.stage)]);
  const stages = [...known].map((stage) => [stage, rows.filter((row) => row.stage === stage).length]);
  return stages.filter(([, many]) => many).map(([stage, many]) => `${numbers.format(many)} ${wordOf(stage)}`).join(", ");
}
