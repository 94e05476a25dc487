// Shortens a text in its middle until it fits where it stands: a file is told by its name's end as well.

const segmenter = new Intl.Segmenter();

/** Show a text, or as much of its beginning and end as fit; whoever points at it reads all. */
export function fit(place, text) {
  place.textContent = text;
  place.removeAttribute("title");
  if (!overflows(place)) return;
  place.title = text;
  const letters = [...segmenter.segment(text)].map(({ segment }) => segment); // what is one letter to a reader
  let [fits, tooMany] = [0, letters.length];
  while (tooMany - fits > 1) {
    const middle = Math.floor((fits + tooMany) / 2);
    place.textContent = shortened(letters, middle);
    if (overflows(place)) tooMany = middle;
    else fits = middle;
  }
  place.textContent = shortened(letters, fits);
}

const overflows = (place) => place.scrollHeight > place.clientHeight + 1;

function shortened(letters, count) {
  const end = Math.floor(count / 3);
  return `${letters.slice(0, count - end).join("")}…${letters.slice(letters.length - end).join("")}`;
}
