// The list of uploads: those that are asked for, in cards, as far as they are near the view.

import { makeCard, showWait, updateCard } from "./cards.js";
import { $ } from "./dom.js";
import { listed, listenToFilters, showFilters } from "./filters.js";
import { isOnItsWay } from "./stages.js";
import { own, state } from "./state.js";
import { VirtualList } from "./virtual_list.js";

const KEPT = 5000; // as many as the server keeps
const list = new VirtualList($("rows"), { keyOf: (row) => row.id, make: makeCard, update: updateCard });

let isDue = false;

/** Show uploads with the next frame: news come more often than that. */
export function showUploads() {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(() => {
    isDue = false;
    draw();
  });
}

function draw() {
  forgetOldest();
  const rows = [...state.uploads.values()];
  const some = listed(rows);
  showFilters(rows, some.length);
  list.show(some);
  $("no-uploads").hidden = rows.length > 0;
}

function forgetOldest() {
  if (state.uploads.size <= KEPT) return;
  const ended = [...state.uploads.values()].filter((row) => !isOnItsWay(row)).sort((a, b) => a.order - b.order);
  for (const old of ended.slice(0, state.uploads.size - KEPT)) {
    state.uploads.delete(old.id);
    own.delete(old.id);
  }
}

/** How long the queued ones have waited, by the second. */
export function showWaits() {
  for (const made of $("rows").children) {
    const row = state.uploads.get(made.dataset.key);
    if (row) showWait(made, row);
  }
}

listenToFilters(showUploads);
