// Viewer request: of the files that a variant of the format `auto` has, choose what the client reads.
//
// It asks the bucket for another path, so what CloudFront keeps needs no header to be told apart by.

const FALLBACK = "jpeg";
const CHOICES = [
  ["image/avif", "avif"],
  ["image/webp", "webp"],
];

function handler(event) {
  const request = event.request;
  request.uri = request.uri.replace(/auto$/, chosen(request.headers.accept));
  return request;
}

/** Choose the type of the highest quality, of equals the first. Wildcards name no type: old clients send them, too. */
function chosen(accept) {
  let found = FALLBACK;
  let highest = 0;
  const qualities = qualitiesOf(accept);
  for (const choice of CHOICES) {
    const quality = qualities[choice[0]] || 0;
    if (quality > highest) {
      found = choice[1];
      highest = quality;
    }
  }
  return found;
}

/** Read the header, RFC 9110, 12.5.1: `image/avif,image/webp;q=0.8`. */
function qualitiesOf(accept) {
  const qualities = {};
  if (!accept) return qualities;
  const text = accept.multiValue ? accept.multiValue.map((each) => each.value).join(",") : accept.value;
  for (const range of text.toLowerCase().split(",")) {
    const parts = range.split(";").map((each) => each.trim());
    const weight = parts.find((each) => each.startsWith("q="));
    qualities[parts[0]] = weight ? Number(weight.slice(2)) : 1;
  }
  return qualities;
}
