// Viewer response: a URL that names the version it is answered with may stay in a browser for a year.
//
// CloudFront calls it for answers below 400 alone, so nothing makes an error stay.

// True in the function for URLs that end with `.auto`: distribution.py. What an answer sees of its request may be
// another path by then.
const IS_OF_AUTO = false;
const FOR_GOOD = "public, max-age=31536000, immutable";
// What is not to be kept, or not by everybody, stays so whatever its URL names.
const GUARDED = /no-store|no-cache|private/i;

function handler(event) {
  const headers = event.response.headers;
  const kept = headers["cache-control"];
  if (isNamed(event.request.querystring.v, headers.etag) && !(kept && GUARDED.test(kept.value))) {
    headers["cache-control"] = { value: FOR_GOOD };
  }
  if (IS_OF_AUTO) headers.vary = { value: varied(headers.vary) }; // another browser may get another file
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
