// Sends files to the server, some at once, and says why where one is not taken.

import { announce } from "./announcer.js";
import { $, say } from "./dom.js";
import { MARKER, withoutResults } from "./results.js";
import { line, next, own, pipelineKnown, state } from "./state.js";
import { forget, keep, takeOver } from "./unsent.js";
import { showUploads } from "./uploads.js";
import { count, shown, weight } from "./format.js";

const AT_ONCE = 3; // of a browser's six connections to one host, one is the feed's, and pictures want some
const HOPELESS = new Set([400, 413]); // a name that is none, or too many bytes: it would be so again
const BUSY = new Set([409, 503]); // the server still has the connection of the page before, or too many of them
const MOST_TRIES = 20;
const MOST_NAMES = 3; // of what is left out
let sending = 0;

/** Line a file up to be uploaded; `id` is that of an upload that was begun before. */
export function add(file, name, { id = crypto.randomUUID(), isKept = false } = {}) {
  const now = new Date().toISOString();
  const upload = { id, file, name, isKept, sent: 0, tries: 0 };
  const key = `${state.pipeline?.prefix ?? ""}${name}`;
  const row = { id, key, size: file.size, stage: "uploading", started: now, since: now, milliseconds: null };
  own.set(id, upload);
  state.uploads.set(id, { ...row, order: next() });
  const most = state.pipeline?.most_bytes ?? Infinity;
  if (file.size > most) {
    refuse(upload, `It weighs ${weight(file.size)}, and an image may weigh ${weight(most)}.`, true);
    return;
  }
  line.push(upload);
  if (!isKept) pipelineKnown.then(() => keep(upload, state.pipeline.place));
}

/** Say why a file is not uploaded; where it is hopeless to try again, it is not kept any longer either. */
function refuse(upload, why, isHopeless) {
  const row = state.uploads.get(upload.id);
  if (row) state.uploads.set(upload.id, { ...row, stage: "not_uploaded", meaning: row.meaning ?? why });
  if (isHopeless) {
    upload.isRefused = true;
    drop(upload);
  }
  showUploads();
}

/** Let a file go: it is not needed again, and memory is. */
function drop(upload) {
  const { size } = upload.file;
  upload.file = null;
  forget(upload, size);
}

export function tryAgain(id) {
  const { file, name, isKept } = own.get(id);
  state.uploads.delete(id);
  add(file, name, { id, isKept });
  sendMore();
}

/** Go on with what an earlier page had not sent; the server may have taken some of it before that page heard of it. */
export async function goOn() {
  const kept = await takeOver(state.pipeline.place);
  for (const { id, name, file } of kept) {
    if (own.has(id)) continue;
    if (isTaken({ id })) forget({ id, isKept: true }, file.size);
    else add(file, name, { id, isKept: true });
  }
  if (kept.length) announce(`${count(kept.length, "file goes", "files go")} on where they were.`);
  sendMore();
}

export function sendMore() {
  while (sending < AT_ONCE && line.length) send(line.shift());
  showUploads();
}

function send(upload) {
  sending += 1;
  upload.tries += 1;
  const request = new XMLHttpRequest(); // fetch does not tell how much of a body is sent
  request.open("POST", `uploads?${new URLSearchParams({ id: upload.id, name: upload.name })}`);
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.upload.addEventListener("progress", (event) => {
    upload.sent = event.loaded / (event.total || 1);
    showUploads();
  });
  request.addEventListener("loadend", () => {
    sending -= 1;
    if (request.status === 201 || (request.status === 409 && isTaken(upload))) drop(upload);
    else if (BUSY.has(request.status) && upload.tries < MOST_TRIES) setTimeout(sendLater, 1000, upload);
    else {
      const why = answerOf(request.responseText) ?? "The console did not answer, or the file cannot be read.";
      refuse(upload, why, HOPELESS.has(request.status));
    }
    sendMore();
  });
  request.send(upload.file);
}

/** Tell whether the server has had all of an upload before: from this page, or from the one before it. */
const isTaken = (upload) => !["uploading", "not_uploaded", undefined].includes(state.uploads.get(upload.id)?.stage);

function sendLater(upload) {
  line.push(upload);
  sendMore();
}

function answerOf(text) {
  try {
    return JSON.parse(text).error;
  } catch {
    return null;
  }
}

async function* filesIn(entry) {
  if (entry.isFile) {
    yield [await new Promise((done, failed) => entry.file(done, failed)), entry.fullPath.replace(/^\/+/, "")];
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (!some.length) return;
    for (const each of some.filter(({ name }) => name === MARKER || !name.startsWith("."))) yield* filesIn(each);
  }
}

/** Take what a person has chosen in the browser's own dialog; of a folder, its files keep their paths. */
export function chosen(input) {
  const files = [...input.files].map((file) => [file, file.webkitRelativePath]);
  input.value = "";
  if (files.some(([, path]) => path)) return addFolders(files);
  addAll(files.map(([file]) => [file, file.name]));
}

function addAll(files) {
  tellLeftOut("");
  for (const [file, name] of files) add(file, name);
  sendMore();
}

/** Take the files of folders, and say what of them is not taken; `unread` has the names of those that cannot be read. */
async function addFolders(files, unread = []) {
  const { kept, results } = await withoutResults(files);
  addAll(kept);
  const told = [];
  if (unread.length) told.push(`Cannot be read: ${some(unread)}.`);
  if (results.length) told.push(`Left out, as darkroom run has made it: ${some(results)}.`);
  if (!kept.length) told.push(told.length ? "Nothing else is there." : "There are no files in it: hidden ones are left out.");
  tellLeftOut(told.join(" "));
}

function some(names) {
  const others = names.length - MOST_NAMES;
  return names.slice(0, MOST_NAMES).map(shown).join(", ") + (others > 0 ? `, and ${count(others, "other", "others")}` : "");
}

function tellLeftOut(text) {
  $("left-out").hidden = !text;
  say($("left-out"), text);
  if (text) announce(text);
}

export async function dropped(transfer) {
  // Both lists are empty as soon as this function has waited for anything.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const files = [...transfer.files];
  if (!files.length && !entries.length) return tellLeftOut("That is no file. Save it first, and drop what you saved.");
  if (!entries.some((entry) => entry.isDirectory)) return addAll(files.map((file) => [file, file.name]));
  const [found, unread] = [[], []];
  for (const entry of entries) {
    try {
      for await (const each of filesIn(entry)) found.push(each);
    } catch {
      unread.push(entry.name);
    }
  }
  await addFolders(found, unread);
}
