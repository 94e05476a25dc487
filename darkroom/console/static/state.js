// What the page knows: what the server told, and what it uploads itself.

export const state = { pipeline: null, uploads: new Map(), samples: new Map(), groups: [], log: null, outcomes: new Map() };

/** Uploads of this page by their id: the file for as long as it may be needed, and how much of it is sent. */
export const own = new Map();

/** Own uploads that wait for their turn. */
export const line = [];

let order = 0;

/** Number what the page comes to know, one after the other. */
export const next = () => ++order;

export const newestSample = () => [...state.samples.values()].at(-1);

/** Tell whether leaving the page would lose a file: one that is not uploaded, and that the browser does not keep. */
export const isAnyUnsent = () => [...own.values()].some((upload) => upload.file && !upload.isKept);

let known;

/** Settled as soon as the server has said which pipeline this is. */
export const pipelineKnown = new Promise((resolve) => {
  known = resolve;
});

export function know(pipeline) {
  state.pipeline = pipeline;
  known();
}
