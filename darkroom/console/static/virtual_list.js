// Keeps of a long list in the document only what is near the view; two spacers stand for the rest.

import { sync } from "./dom.js";

const MOST = 60; // items in the document, however tall the window
const MARGIN = 800; // pixels beyond the view that are filled as well
const GUESS = 240; // the height of an item that was never shown, until one was
const PASSES = 3; // items prove to be lower than was guessed, and others come into view

export class VirtualList {
  #parent;
  #above;
  #below;
  #functions;
  #items = [];
  #heights = new Map();
  #width = 0;
  #isDue = false;

  /** The functions are those of `sync`; the spacers are the elements before and after the list. */
  constructor(parent, functions) {
    this.#parent = parent;
    this.#above = parent.previousElementSibling;
    this.#below = parent.nextElementSibling;
    this.#functions = functions;
    addEventListener("scroll", () => this.#drawSoon(), { passive: true });
    new ResizeObserver(() => this.#drawSoon()).observe(parent);
  }

  show(items) {
    this.#items = items;
    this.#draw();
  }

  #drawSoon() {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.#draw();
    });
  }

  #draw() {
    if (this.#parent.clientWidth !== this.#width) this.#heights.clear(); // texts wrap in another way
    this.#width = this.#parent.clientWidth;
    const anchor = this.#anchor();
    let drawn = { first: 0, last: 0 };
    for (let pass = 0; pass < PASSES; pass += 1) {
      const near = this.#near();
      if (pass && near.first === drawn.first && near.last === drawn.last) break;
      drawn = near;
      this.#drawOnly(near);
      if (anchor) this.#hold(anchor);
    }
  }

  /** What is in view and where it is, to stay there: the first item, or what follows the list. None at the list's beginning. */
  #anchor() {
    if (this.#above.getBoundingClientRect().top >= 0) return null;
    const child = [...this.#parent.children].find((each) => each.getBoundingClientRect().bottom > 0);
    if (child) return { key: child.dataset.key, top: child.getBoundingClientRect().top };
    const end = this.#below.getBoundingClientRect().bottom;
    return end < innerHeight ? { key: null, top: end } : null;
  }

  #hold({ key, top }) {
    const child = [...this.#parent.children].find((each) => each.dataset.key === key);
    const place = key === null ? this.#below.getBoundingClientRect().bottom : child?.getBoundingClientRect().top;
    const moved = (place ?? top) - top;
    if (Math.abs(moved) >= 1) scrollBy({ top: moved, behavior: "instant" });
  }

  #drawOnly({ first, last }) {
    const { keyOf, make, update } = this.#functions;
    sync(this.#parent, this.#items.slice(first, last), keyOf, make, update);
    [...this.#parent.children].forEach((child, place) => {
      child.setAttribute("aria-setsize", this.#items.length);
      child.setAttribute("aria-posinset", first + place + 1);
    });
    this.#setSpace(first, last);
    if (this.#measure()) this.#setSpace(first, last);
  }

  #setSpace(first, last) {
    const height = this.#heightOf();
    const sum = (items) => items.reduce((total, item) => total + height(item), 0);
    this.#above.style.height = `${sum(this.#items.slice(0, first))}px`;
    this.#below.style.height = `${sum(this.#items.slice(last))}px`;
  }

  /** Which items are near the view, if all of them were drawn. */
  #near() {
    const height = this.#heightOf();
    const top = this.#above.getBoundingClientRect().top;
    const [from, to] = [-top - MARGIN, innerHeight - top + MARGIN];
    let [place, first, last] = [0, 0, 0];
    for (const item of this.#items) {
      if (place > to) break;
      place += height(item);
      if (place < from) first += 1;
      last += 1;
    }
    first = Math.max(0, Math.min(first, this.#items.length - 1));
    return { first, last: Math.min(last, first + MOST) };
  }

  /** Note how high the drawn items are, and tell whether that is news. */
  #measure() {
    const gap = parseFloat(getComputedStyle(this.#parent).rowGap) || 0;
    let isNews = false;
    for (const child of this.#parent.children) {
      const height = child.getBoundingClientRect().height + gap;
      isNews ||= this.#heights.get(child.dataset.key) !== height;
      this.#heights.set(child.dataset.key, height);
    }
    return isNews;
  }

  #heightOf() {
    const known = [...this.#heights.values()];
    const mean = known.length ? known.reduce((sum, each) => sum + each, 0) / known.length : GUESS;
    return (item) => this.#heights.get(this.#functions.keyOf(item)) ?? mean;
  }
}
