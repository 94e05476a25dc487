// Viewer response: a URL that names the version it is answered with may stay in a browser for a year.
//
// CloudFront calls it for answers below 400 alone, so nothing makes an error stay.

const FOR_GOOD = "public, max-age=31536000, immutable";
// What is not to be kept, or not by everybody, stays so whatever its URL names.
const GUARDED = /no-store|no-cache|private/i;

function handler(event) {
  const request = event.request;
  const headers = event.response.headers;
  const kept = headers["cache-control"];
  if (isNamed(request.querystring.v, headers.etag) && !(kept && GUARDED.test(kept.value))) {
    headers["cache-control"] = { value: FOR_GOOD };
  }
  // Another browser may be answered by another file: accept.js has chosen, and may have changed the path.
  if (request.headers["x-darkroom-auto"] || request.uri.endsWith(".auto")) headers.vary = { value: varied(headers.vary) };
  return event.response;
}

/** Tell whether the version is this one's; a URL that stands for several files names those of all. */
function isNamed(version, etag) {
  if (!version || version.multiValue || !etag) return false;
  const own = etag.value.replace(/^W\//, "").replace(/"/g, "");
  return own !== "" && version.value.split(".").includes(own);
}

/** Keep what an answer varies by already, such as the origin of a page. */
function varied(vary) {
  return vary && vary.value ? `${vary.value}, Accept` : "Accept";
}
