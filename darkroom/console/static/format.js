// How numbers, times and the texts of others are written.

export const numbers = new Intl.NumberFormat("en");
const tenths = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });

const SHORT = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Spell out what does not show itself: control characters, invisible ones, and those that turn text around. */
export function shown(text) {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (each) => SHORT[each] ?? `\\u{${each.codePointAt(0).toString(16)}}`);
}

export const size = (width, height) => `${width}×${height}`;
export function weight(bytes) {
  if (bytes < 1000) return count(bytes, "byte");
  return bytes < 1e6 ? `${tenths.format(bytes / 1000)} kB` : `${numbers.format(Math.round(bytes / 1e5) / 10)} MB`;
}

export const count = (many, one, others = `${one}s`) => `${numbers.format(many)} ${many === 1 ? one : others}`;

export function duration(seconds) {
  if (seconds < 60) return `${Math.max(0, Math.floor(seconds))} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return count(Math.floor(seconds / 86_400), "day");
}

export const secondsSince = (time) => (Date.now() - Date.parse(time)) / 1000;
