// Sends files to the server, some at once, and says why where one is not taken.

import { announce } from "./announcing.js";
import { line, next, own, state } from "./state.js";
import { showUploads } from "./uploads.js";
import { shown, weight } from "./words.js";

const AT_ONCE = 3; // of a browser's six connections to one host, one is the feed's, and pictures want some
let sending = 0;

export function add(file, name) {
  const now = new Date().toISOString();
  const upload = { id: crypto.randomUUID(), file, name, sent: 0 };
  const key = `${state.pipeline?.prefix ?? ""}${name}`;
  const row = { id: upload.id, key, size: file.size, stage: "uploading", started: now, since: now, milliseconds: null };
  own.set(upload.id, upload);
  state.uploads.set(upload.id, { ...row, order: next() });
  const most = state.pipeline?.most_bytes ?? Infinity;
  if (file.size > most) {
    upload.hopeless = true;
    refuse(upload, `It weighs ${weight(file.size)}, and an image may weigh ${weight(most)}.`);
  } else line.push(upload);
}

function refuse(upload, why) {
  const row = state.uploads.get(upload.id);
  if (row) state.uploads.set(upload.id, { ...row, stage: "not_uploaded", meaning: row.meaning ?? why });
  showUploads();
}

export function tryAgain(id) {
  const { file, name } = own.get(id);
  own.delete(id);
  state.uploads.delete(id);
  add(file, name);
  sendMore();
}

export function sendMore() {
  while (sending < AT_ONCE && line.length) send(line.shift());
  showUploads();
}

function send(upload) {
  sending += 1;
  const request = new XMLHttpRequest(); // fetch does not tell how much of a body is sent
  request.open("POST", `uploads?${new URLSearchParams({ id: upload.id, name: upload.name })}`);
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.upload.addEventListener("progress", (event) => {
    upload.sent = event.loaded / (event.total || 1);
    showUploads();
  });
  request.addEventListener("loadend", () => {
    sending -= 1;
    if (request.status === 201) upload.file = null; // it is not needed again, and memory is
    else refuse(upload, answerOf(request.responseText) ?? "The console did not answer, or the file cannot be read.");
    sendMore();
  });
  request.send(upload.file);
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
    for (const each of some.filter(({ name }) => !name.startsWith("."))) yield* filesIn(each);
  }
}

export async function dropped(transfer) {
  // Both lists are empty as soon as this function has waited for anything.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const files = [...transfer.files];
  if (!entries.some((entry) => entry.isDirectory)) files.forEach((file) => add(file, file.name));
  else {
    for (const entry of entries) {
      try {
        for await (const [file, name] of filesIn(entry)) add(file, name);
      } catch {
        announce(`${shown(entry.name)} cannot be read.`);
      }
    }
  }
  sendMore();
}
