// sharp, as its documentation recommends, in one of two ways:
//   each     one call a variant (https://sharp.pixelplumbing.com/api-resize)
//   clones   one pipeline, cloned for each variant, all at once (https://sharp.pixelplumbing.com/api-constructor#clone)
// It is asked as benchmarks/peers/serving.py says.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import sharp from "sharp";

sharp.cache(false); // the same image comes again and again here, and does not in life

const size = (box) => ({
  width: box.width ?? undefined,
  height: box.height ?? undefined,
  fit: box.cover ? "cover" : "inside",
  withoutEnlargement: !box.cover,
});

const written = (pipeline, task) => {
  switch (task.format) {
    case "jpg":
      return pipeline.flatten({ background: "#ffffff" }).jpeg({ quality: task.quality });
    case "webp":
      return pipeline.webp({ quality: task.quality });
    case "avif":
      return pipeline.avif({ quality: task.quality });
    default:
      return pipeline.png();
  }
};

async function each(source, task) {
  const made = {};
  for (const box of task.boxes) {
    const pipeline = sharp(source, { animated: task.animated }).resize(size(box));
    made[box.name] = await written(pipeline, task).toBuffer();
  }
  return made;
}

async function clones(source, task) {
  const original = sharp(source, { animated: task.animated });
  const bodies = await Promise.all(
    task.boxes.map((box) => written(original.clone().resize(size(box)), task).toBuffer()),
  );
  return Object.fromEntries(task.boxes.map((box, place) => [box.name, bodies[place]]));
}

const render = { each, clones }[process.argv[2]];
const tell = (said) => process.stdout.write(`${JSON.stringify(said)}\n`);

async function answer(question) {
  const source = readFileSync(question.source);
  const start = process.hrtime.bigint();
  const made = await render(source, question);
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  for (const [name, body] of Object.entries(made)) writeFileSync(join(question.folder, name), body);
  return { seconds };
}

tell({ versions: { sharp: sharp.versions.sharp, libvips: sharp.versions.vips, Node: process.versions.node } });
for await (const line of createInterface({ input: process.stdin })) {
  tell(await answer(JSON.parse(line)).catch((error) => ({ refusal: error.message })));
}
