// The page of `darkroom link`: sends the file, shows how far it is, and says how it ended.
"use strict";

const NAME = "${filename}"; // S3 puts the name of the file in its place

const page = JSON.parse(document.querySelector("#page").textContent);
const form = document.querySelector("form");
const chosen = document.querySelector("input[type=file]");
const progress = document.querySelector("progress");
const status = document.querySelector("[role=status]");
const unwatched = document.querySelector("#unwatched");

const language = navigator.languages.map((tag) => tag.slice(0, 2)).find((name) => Object.hasOwn(page.texts, name)) ?? "en";
const texts = page.texts[language];
const percent = new Intl.NumberFormat(language, { style: "percent" });

function text(name, values = {}) {
  return texts[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
}

function size(bytes) {
  const [unit, power] = bytes >= 1e6 ? ["megabyte", 1e6] : bytes >= 1e3 ? ["kilobyte", 1e3] : ["byte", 1];
  const options = { style: "unit", unit, maximumFractionDigits: 1 };
  return new Intl.NumberFormat(language, options).format(Math.floor((10 * bytes) / power) / 10);
}

function tell(name, values, { failed = false } = {}) {
  status.textContent = text(name, values);
  status.classList.toggle("failed", failed);
}

function leave(event) {
  event.preventDefault();
}

function begin() {
  form.inert = true;
  unwatched.hidden = true;
  progress.hidden = false;
  progress.value = 0;
  addEventListener("beforeunload", leave);
}

function end(name, values, { failed = true } = {}) {
  removeEventListener("beforeunload", leave);
  progress.hidden = true;
  form.inert = false;
  tell(name, values, { failed });
  if (!failed) form.reset();
}

function objection(file) {
  if (file.size === 0) return "empty";
  if (file.size > page.max_bytes) return "too_large";
  return Date.now() > Date.parse(page.expires) ? "expired" : null;
}

// What S3 says: docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
function answered(request, values) {
  if (request.status >= 200 && request.status < 300) {
    end("done", values, { failed: false });
    if (page.redirect) location.assign(page.redirect);
    return;
  }
  const answer = new DOMParser().parseFromString(request.responseText, "application/xml");
  const code = answer.querySelector("Code")?.textContent ?? String(request.status);
  const known = { EntityTooLarge: "too_large", EntityTooSmall: "empty" };
  end(Object.hasOwn(known, code) ? known[code] : request.status === 403 ? "refused" : "failed", { ...values, code });
}

// In a name of its own a browser writes %22 for a quote, and S3 keeps that. The name goes into the key here instead.
function keyOf(file) {
  const { key } = page.fields;
  return key.endsWith(NAME) ? key.slice(0, -NAME.length) + file.name : key;
}

// FormData makes a line feed of a key two characters. What S3 puts for NAME in a key that holds it is itself.
function formWith(file, boundary) {
  const fields = Object.entries({ ...page.fields, key: keyOf(file) });
  const begin = `--${boundary}\r\nContent-Disposition: form-data; name=`;
  const parts = fields.map(([name, value]) => `${begin}"${name}"\r\n\r\n${value}\r\n`);
  const type = `Content-Type: ${file.type || "application/octet-stream"}`;
  return new Blob([...parts, `${begin}"file"; filename="${NAME}"\r\n${type}\r\n\r\n`, file, `\r\n--${boundary}--\r\n`]);
}

function send(file, values) {
  const boundary = crypto.getRandomValues(new Uint32Array(4)).join("-");
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.setRequestHeader("Content-Type", `multipart/form-data; boundary=${boundary}`);
  request.upload.onprogress = ({ loaded, total }) => {
    progress.value = loaded / total;
    tell("sending", { percent: percent.format(loaded / total) });
  };
  request.upload.onload = () => tell("checking");
  request.onload = () => answered(request, values);
  request.onerror = request.onabort = () => {
    end("no_answer");
    unwatched.hidden = false; // where the bucket lets no page of this origin look: the form alone still works
  };
  begin();
  request.send(formWith(file, boundary));
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const [file] = chosen.files;
  const values = { name: file.name, size: size(page.max_bytes) };
  const wrong = objection(file);
  if (wrong) tell(wrong, values, { failed: true });
  else send(file, values);
});

unwatched.addEventListener("click", () => {
  if (!form.reportValidity()) return;
  form.target = "_blank";
  form.elements.key.value = keyOf(chosen.files[0]);
  form.submit();
  tell("unwatched_sent");
});

document.documentElement.lang = language;
document.querySelectorAll("[data-text]").forEach((element) => (element.textContent = text(element.dataset.text)));
document.querySelector("#choose").textContent = text("choose", { size: size(page.max_bytes) });
