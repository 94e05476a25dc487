// The counters and the two plots of the queue, drawn as SVG from the samples of the last five minutes.

import { $, drawn, element, say, sync } from "./dom.js";
import { newestSample, state } from "./state.js";
import { count, duration, numbers } from "./format.js";

const SECONDS = 300;
const GAP = 10_000; // milliseconds: a plot is not drawn across a longer pause

export function showQueue() {
  const oldest = Date.now() - SECONDS * 1000;
  for (const [name, sample] of state.samples) if (Date.parse(sample.at) < oldest) state.samples.delete(name);
  showCounters(newestSample());
  drawDepth([...state.samples.values()]);
  drawAge([...state.samples.values()]);
}

function showCounters(sample) {
  const jobs = (sample?.waiting ?? 0) + (sample?.in_flight ?? 0);
  say($("jump-queue"), jobs ? `Queue: ${numbers.format(jobs)}` : "Queue");
  const of = (value) => (value === null || value === undefined ? "–" : numbers.format(Math.round(value)));
  const counters = [
    ["Waiting", of(sample?.waiting)],
    ["In flight", of(sample?.in_flight)],
    ["Oldest job", sample && sample.oldest_seconds !== null ? duration(sample.oldest_seconds) : "–"],
    ["Dead letters", of(sample?.dead_letters), sample?.dead_letters > 0],
    ["Resized a minute", of(sample?.per_minute.resized)],
    ["Rejected a minute", of(sample?.per_minute.rejected)],
    ["Failed a minute", of(sample?.per_minute.failed), sample?.per_minute.failed > 0],
  ];
  const make = ([name]) => element("div", {}, element("dt", {}, name), element("dd"));
  sync($("counters"), counters, ([name]) => name, make, (made, [, value, isBad]) => {
    made.className = isBad ? "bad" : "";
    say(made.lastElementChild, value);
  });
}

/** A plot's frame: where a time and a value are, and the lines and words around them. */
function frame(svg, highest, label) {
  const [width, height, left, below] = [svg.clientWidth || 320, svg.clientHeight || 112, 4, 18];
  const now = Date.now();
  const top = 14;
  const x = (at) => left + (width - 2 * left) * (1 - (now - Date.parse(at)) / (SECONDS * 1000));
  const y = (value) => top + (height - top - below) * (1 - value / highest);
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.replaceChildren(
    ...[0, highest].map((value) => drawn("line", { class: "grid", x1: 0, x2: width, y1: y(value), y2: y(value) })),
    drawn("text", { x: 0, y: top - 4 }, label),
    drawn("text", { x: 0, y: height - 4 }, "5 minutes ago"),
    drawn("text", { x: width, y: height - 4, "text-anchor": "end" }, "now"),
  );
  return { x, y };
}

/** Samples without a long pause between them, each stretch of its own. */
function stretches(samples) {
  const found = [];
  samples.forEach((sample, place) => {
    const pause = place ? Date.parse(sample.at) - Date.parse(samples[place - 1].at) : Infinity;
    if (pause > GAP) found.push([]);
    found.at(-1).push(sample);
  });
  return found;
}

function area(stretch, x, from, to) {
  const there = stretch.map((sample) => `${x(sample.at)},${to(sample)}`);
  const back = stretch.toReversed().map((sample) => `${x(sample.at)},${from(sample)}`);
  return `M${[...there, ...back].join("L")}Z`;
}

function drawDepth(samples) {
  const svg = $("depth");
  const jobs = (sample) => sample.waiting + sample.in_flight;
  const highest = Math.max(4, ...samples.map(jobs));
  const { x, y } = frame(svg, highest, numbers.format(highest));
  for (const stretch of stretches(samples)) {
    const top = (sample) => y(jobs(sample));
    const middle = (sample) => y(sample.in_flight);
    svg.append(
      drawn("path", { class: "waiting", d: area(stretch, x, middle, top) }),
      drawn("path", { class: "in-flight", d: area(stretch, x, () => y(0), middle) }),
    );
  }
  const last = samples.at(-1);
  svg.setAttribute("aria-label", last
    ? `Jobs in the queue over five minutes: ${count(jobs(last), "job")} now, at most ${numbers.format(Math.max(...samples.map(jobs)))}.`
    : "No figures yet");
}

function drawAge(samples) {
  const svg = $("age");
  const age = (sample) => sample.oldest_seconds ?? 0;
  const highest = Math.max(10, ...samples.map(age));
  const { x, y } = frame(svg, highest, duration(highest));
  for (const stretch of stretches(samples)) {
    const points = stretch.map((sample) => `${x(sample.at)},${y(age(sample))}`);
    svg.append(drawn("polyline", { class: "age", points: points.join(" ") }));
  }
  const last = samples.at(-1);
  svg.setAttribute("aria-label", last
    ? `Age of the oldest job over five minutes: ${duration(age(last))} now, at most ${duration(Math.max(...samples.map(age)))}.`
    : "No figures yet");
}
