// Which uploads are listed, and in which order: by outcome, by name, the newest or the problems first.

import { $, element, say, sync } from "./dom.js";
import { GROUPS, groupOf, isProblem } from "./stages.js";
import { numbers, shown } from "./format.js";

const chosen = { group: "all", words: [], problemsFirst: false };

/** Listen to the controls; `changed` is called whenever other uploads are to be listed. */
export function listenToFilters(changed) {
  $("groups-of-uploads").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    chosen.group = button.parentElement.dataset.key;
    changed();
  });
  $("search").addEventListener("input", (event) => {
    chosen.words = searchable(event.target.value).split(/\s+/).filter(Boolean);
    changed();
  });
  $("problems-first").addEventListener("change", (event) => {
    chosen.problemsFirst = event.target.checked;
    changed();
  });
  $("show-all").addEventListener("click", () => {
    Object.assign(chosen, { group: "all", words: [] });
    $("search").value = "";
    changed();
    $("search").focus();
  });
}

/** Give the rows that are asked for, in their order. */
export function listed(rows) {
  const some = rows.filter((row) => (chosen.group === "all" || groupOf(row) === chosen.group) && isNamed(row));
  const rank = (row) => (chosen.problemsFirst && isProblem(row) ? 0 : 1);
  return some.sort((a, b) => rank(a) - rank(b) || compare(b.started, a.started) || b.order - a.order);
}

/** Show how many rows each group has; a group without rows is shown only where it is chosen. */
export function showFilters(rows, count) {
  const many = Map.groupBy(rows, groupOf);
  const all = { id: "all", name: "All", count: rows.length };
  const groups = [all, ...GROUPS.map(({ id, name }) => ({ id, name, count: many.get(id)?.length ?? 0 }))];
  const make = () => element("li", {}, element("button", { type: "button", class: "chip" }, element("span"), " ", element("b")));
  sync($("groups-of-uploads"), groups, ({ id }) => id, make, (made, group) => {
    made.hidden = group.count === 0 && group.id !== "all" && group.id !== chosen.group;
    say(made.querySelector("span"), group.name);
    say(made.querySelector("b"), numbers.format(group.count));
    made.firstElementChild.setAttribute("aria-pressed", String(group.id === chosen.group));
    made.firstElementChild.className = `chip ${group.id}`;
  });
  $("filters").hidden = rows.length === 0;
  $("none-match").hidden = rows.length === 0 || count > 0;
  say($("tally"), count === rows.length ? "" : `${numbers.format(count)} of ${numbers.format(rows.length)} match`);
}

const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const searchable = (text) => shown(text).normalize("NFKC").toLowerCase();

function isNamed(row) {
  if (!chosen.words.length) return true;
  const name = searchable(row.key);
  return chosen.words.every((word) => name.includes(word));
}
