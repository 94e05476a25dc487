// Tells what `darkroom run` has made from what may be uploaded, as its command line does: it leaves that out.

export const MARKER = ".darkroom-results"; // in a folder that a run wrote into
const SHEET = '<meta name="generator" content="darkroom run">'; // in the head of a contact sheet
const HEAD_BYTES = 1024;

/** Sort the files of folders, each as `[file, path]`, into those to upload and the paths of results. Hidden ones are neither. */
export async function withoutResults(files) {
  const marks = files.map(([, path]) => path).filter((path) => path === MARKER || path.endsWith(`/${MARKER}`));
  const folders = marks.map((path) => path.slice(0, -MARKER.length)).sort((a, b) => a.length - b.length);
  const [kept, results] = [[], new Set()];
  for (const [file, path] of files) {
    const folder = folders.find((each) => path.startsWith(each));
    if (folder !== undefined) results.add(folder.replace(/\/$/, ""));
    else if (path.split("/").some((part) => part.startsWith("."))) continue;
    else if (await isContactSheet(file)) results.add(path);
    else kept.push([file, path]);
  }
  return { kept, results: [...results] };
}

async function isContactSheet(file) {
  return /\.html?$/i.test(file.name) && (await file.slice(0, HEAD_BYTES).text()).includes(SHEET);
}
