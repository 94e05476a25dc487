// Makes and updates elements. Texts are set as text: there is no markup in any of these files.

export const $ = (id) => document.getElementById(id);

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

export function drawn(tag, attributes, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  return made;
}

export function say(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

/** Make a parent's children those of the items, in order; what an item has already is updated, so focus stays. */
export function sync(parent, items, keyOf, make, update) {
  const before = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    let child = before.get(keyOf(item));
    if (child) before.delete(keyOf(item));
    else {
      child = make(item);
      child.dataset.key = keyOf(item);
    }
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
    update(child, item); // in its place, where it has a size
  }
  for (const child of before.values()) child.remove();
}
