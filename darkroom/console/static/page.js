// The console's page: follows the server's feed, and listens to the person.

import { announceOutcomes, noNews } from "./announcer.js";
import { $, say } from "./dom.js";
import { showLetters } from "./dead_letters.js";
import { showOutcomes } from "./outcomes.js";
import { showQueue } from "./chart.js";
import { chosen, dropped, goOn, tryAgain } from "./upload.js";
import { isAnyUnsent, know, next, own, state } from "./state.js";
import { showUploads, showWaits } from "./uploads.js";
import { shown, weight } from "./format.js";

const SILENCE = 20_000; // milliseconds; the server says something every ten seconds at the latest

let source;
let heardAt = Date.now();
let isFirst = true;

function follow() {
  source?.close();
  source = new EventSource("events");
  heardAt = Date.now();
  source.addEventListener("message", (event) => {
    heardAt = Date.now();
    connected(true);
    take(JSON.parse(event.data));
  });
  source.addEventListener("error", lost);
}

async function lost() {
  connected(false, "The console does not answer. Is `darkroom console` still running? This page goes on when it is.");
  if (source.readyState !== EventSource.CLOSED) return; // the browser itself tries again
  try {
    const answer = await fetch("icon.svg", { cache: "no-store" });
    if (answer.status === 401) {
      connected(false, "The console has another address now. Open the one that it printed.");
      return;
    }
    connected(false, "Too many pages show this console. Close some: this one goes on then.");
  } catch {
    // It is not there at all: it is asked again, as after any other answer.
  }
  setTimeout(follow, 2000);
}

/** Show whether the console answers, and whether the pipeline does. */
function connected(isLive, trouble = null) {
  const told = trouble ?? troubleOfPipeline();
  $("connection").classList.toggle("live", isLive && !told);
  say($("connection"), !isLive ? "Reconnecting" : told ? "Pipeline does not answer" : "Live");
  showTrouble(told);
}

function troubleOfPipeline() {
  const told = state.pipeline?.trouble;
  return told && `The pipeline does not answer as it should, and this page goes on when it does. ${told}`;
}

function showTrouble(text) {
  $("trouble").hidden = !text;
  say($("trouble"), text ? shown(text) : "");
}

function take({ whole, facts: told }) {
  if (whole) {
    for (const id of [...state.uploads.keys()]) if (!own.has(id)) state.uploads.delete(id);
    state.samples.clear();
    state.groups = [];
    state.log = null;
    state.outcomes.clear();
  }
  for (const { topic, name, value } of told) TAKE[topic]?.(value, name);
  if (whole) {
    if (isFirst) {
      noNews();
      goOn();
    }
    isFirst = false;
    abandonUnknown(new Set(told.filter(({ topic }) => topic === "upload").map(({ name }) => name)));
  }
  const topics = new Set(told.map(({ topic }) => topic));
  if (whole || topics.has("upload")) showUploads();
  if (whole || topics.has("sample")) showQueue();
  if (whole || topics.has("dead_letters") || topics.has("sample")) showLetters();
  if (whole || topics.has("outcome") || topics.has("log")) showOutcomes();
}

/** After a new start of the console: it knows nothing of what was sent to the one before. */
function abandonUnknown(known) {
  for (const [id, upload] of own) {
    if (!known.has(id) && upload.file === null && !upload.isRefused) {
      own.delete(id);
      state.uploads.delete(id);
    }
  }
}

const TAKE = {
  pipeline(value) {
    know(value);
    say($("about"), shown(`${value.stack} at ${value.where}`));
    say($("limits"), `Files, or whole folders: up to ${weight(value.most_bytes)} each`);
    say($("place"), shown(`to s3://${value.bucket}/${value.prefix}`));
    document.title = `${shown(value.stack)}: Darkroom console`;
    connected(true);
  },
  upload(value, id) {
    state.uploads.set(id, { ...value, order: state.uploads.get(id)?.order ?? next() });
  },
  sample(value, name) {
    state.samples.set(name, value);
  },
  dead_letters(value) {
    state.groups = value.groups;
  },
  log(value) {
    state.log = value;
  },
  outcome(value, place) {
    state.outcomes.set(place, value);
  },
};

function listen() {
  for (const input of [$("files"), $("folder")]) input.addEventListener("change", () => chosen(input));
  $("rows").addEventListener("try-again", (event) => tryAgain(event.detail));
  addEventListener("beforeunload", (event) => {
    if (isAnyUnsent()) event.preventDefault(); // the browser asks, in words of its own
  });
  let depth = 0; // dragging over a child leaves its parent
  const over = (change) => {
    depth = Math.max(0, depth + change);
    $("drop").classList.toggle("over", depth > 0);
  };
  addEventListener("dragenter", () => over(1));
  addEventListener("dragleave", () => over(-1));
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    over(-depth);
    dropped(event.dataTransfer);
  });
  new ResizeObserver(showQueue).observe($("depth"));
  setInterval(showWaits, 1000);
  setInterval(announceOutcomes, 3000);
  setInterval(() => {
    if (Date.now() - heardAt > SILENCE && source.readyState === EventSource.OPEN) {
      connected(false, "The console does not answer. This page tries again.");
      follow();
    }
  }, 5000);
}

listen();
follow();
