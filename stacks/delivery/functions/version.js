// Viewer response: a URL that names the version it is answered with may stay in a browser for a year.
//
// CloudFront calls it for answers below 400 alone, so nothing makes an error stay.

const FOR_GOOD = "public, max-age=31536000, immutable";
// What is not to be kept, or not by everybody, stays so whatever its URL names.
const GUARDED = /no-store|no-cache|private/i;

function handler(event) {
  const response = event.response;
  const kept = response.headers["cache-control"];
  if (isNamed(event.request.querystring.v, response.headers.etag) && !(kept && GUARDED.test(kept.value))) {
    response.headers["cache-control"] = { value: FOR_GOOD };
  }
  return response;
}

function isNamed(version, etag) {
  if (!version || version.multiValue || !etag) return false;
  return version.value === etag.value.replace(/^W\//, "").replace(/"/g, "");
}
