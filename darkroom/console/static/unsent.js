// Keeps files in the browser until they are uploaded: after a reload, or a crash, the page goes on with them.

const DAYS = 7; // what nobody has sent for so long is forgotten
const MOST_BYTES = 1e9; // kept at once: the browser makes a copy of each file
const TAB = crypto.randomUUID();

let database = null; // null where the browser gives none, as in some private windows
let keptBytes = 0;

/** Open the store, and hold a lock that says to other tabs that this one is there. */
async function open() {
  navigator.locks.request(lockOf(TAB), () => new Promise(() => {}));
  const request = indexedDB.open("darkroom-unsent", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("files", { keyPath: "id" });
  database = await done(request);
}
const opened = open().catch(ignoreRefusal);

/** Keep an upload's file until `forget`; `upload.isKept` tells whether it is. `place` says which pipeline it is for. */
export async function keep(upload, place) {
  await opened;
  if (!database || !upload.file || keptBytes + upload.file.size > MOST_BYTES) return;
  const { id, name, file } = upload;
  keptBytes += file.size;
  try {
    await done(files("readwrite").put({ id, name, file, place, tab: TAB, since: Date.now() }));
    upload.isKept = true;
  } catch (error) {
    keptBytes -= file.size; // the disk is full, or the file is gone: leaving is asked about
    ignoreRefusal(error);
  }
  if (!upload.file) await forget(upload, file.size); // it was uploaded meanwhile
}

/** Forget an upload: it is done, or there is no use in trying again. */
export async function forget(upload, bytes) {
  if (!upload.isKept) return;
  upload.isKept = false;
  keptBytes -= bytes;
  await done(files("readwrite").delete(upload.id));
}

/** Take over what no open tab is about to send any more: those of this place, oldest first, as `{ id, name, file }`. */
export async function takeOver(place) {
  await opened;
  if (!database) return [];
  return navigator.locks.request("darkroom-take-over", async () => {
    const kept = await done(files("readonly").getAll());
    const [taken, lost] = [[], []];
    for (const each of kept) {
      if (Date.now() - each.since > DAYS * 86_400_000) lost.push(each);
      else if (each.place === place && !(await isOpen(each.tab))) taken.push(each);
    }
    for (const { id } of lost) await done(files("readwrite").delete(id));
    for (const each of taken) await done(files("readwrite").put({ ...each, tab: TAB }));
    keptBytes += taken.reduce((sum, { file }) => sum + file.size, 0);
    return taken.sort((a, b) => a.since - b.since);
  });
}

function lockOf(tab) {
  return `darkroom-tab-${tab}`;
}

const isOpen = (tab) => navigator.locks.request(lockOf(tab), { ifAvailable: true }, (lock) => lock === null);
const files = (mode) => database.transaction("files", mode).objectStore("files");

/** A browser may refuse to keep anything; what else goes wrong is a mistake of ours. */
function ignoreRefusal(error) {
  if (!(error instanceof DOMException)) throw error;
}

function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
