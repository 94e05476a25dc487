// The stages of an upload: their words, which of them end it, and how many uploads are at each.

import { numbers, shown } from "./format.js";

const WORDS = {
  uploading: "uploading", queued: "queued", resized: "resized", rejected: "rejected", removed: "removed",
  superseded: "superseded", failed: "failed", not_uploaded: "not uploaded",
};
export const wordOf = (stage) => Object.hasOwn(WORDS, stage) ? WORDS[stage] : shown(stage); // a later version has others
const ON_THE_WAY = new Set(["uploading", "queued"]);
export const isOnItsWay = (row) => ON_THE_WAY.has(row.stage);

/** What uploads are told apart by: each stage is in one of these. */
export const GROUPS = [
  { id: "on-the-way", name: "On the way" },
  { id: "failed", name: "Failed" },
  { id: "rejected", name: "Rejected" },
  { id: "resized", name: "Resized" },
  { id: "other", name: "Removed or replaced" },
];
const GROUP_OF = {
  uploading: "on-the-way", queued: "on-the-way", failed: "failed", not_uploaded: "failed", rejected: "rejected",
  resized: "resized",
};
export const groupOf = (row) => (Object.hasOwn(GROUP_OF, row.stage) ? GROUP_OF[row.stage] : "other");
export const isProblem = (row) => ["failed", "rejected"].includes(groupOf(row));

export function tally(rows) {
  const many = Map.groupBy(rows, (row) => row.stage);
  const known = new Set([...Object.keys(WORDS), ...many.keys()]);
  const stages = [...known].filter((stage) => many.has(stage)).map((stage) => [stage, many.get(stage).length]);
  return stages.map(([stage, count]) => `${numbers.format(count)} ${wordOf(stage)}`).join(", ");
}
