// Paints one image file, and sends what it looks like to the server that this page came from.
"use strict";

function pixels(source, width, height) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { colorSpace: "srgb", willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(source, 0, 0, width, height);
  return context.getImageData(0, 0, width, height).data;
}

// A Blob, for what drives the browser is told the bytes of every other body.
const send = (path, body) => fetch(path, { method: "POST", body: new Blob([body]) });

async function still(job, mostPixels) {
  const image = new Image();
  image.src = `file?job=${job}`;
  await image.decode();
  const { naturalWidth: width, naturalHeight: height } = image;
  const scale = Math.min(1, Math.sqrt(mostPixels / (width * height)));
  const painted = { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
  await send(`pixels?job=${job}`, pixels(image, painted.width, painted.height));
  return { width, height, painted };
}

// Durations are microseconds; `repetitions` null is without end, as JSON knows no Infinity. `fault` is why the
// decoder gave up, which an <img> does not tell: it shows what there is, or nothing.
async function animation(job, type, painted, mostFrames, mostFramePixels) {
  const found = { frames: 1, durations: [], repetitions: 0 };
  const data = await (await fetch(`file?job=${job}`)).arrayBuffer();
  const decoder = new ImageDecoder({ type, data });
  try {
    await decoder.tracks.ready;
    await decoder.completed;
    const { frameCount, repetitionCount } = decoder.tracks.selectedTrack;
    found.frames = frameCount;
    found.repetitions = Number.isFinite(repetitionCount) ? repetitionCount : null;
    for (let number = 0; number < Math.min(frameCount, mostFrames); number++) {
      const { image } = await decoder.decode({ frameIndex: number });
      found.transfer = image.colorSpace.transfer;
      found.durations.push(image.duration ?? 0);
      if (frameCount > 1 && (number + 1) * painted.width * painted.height <= mostFramePixels)
        await send(`pixels?job=${job}&frame=${number}`, pixels(image, painted.width, painted.height));
      image.close();
    }
  } catch (error) {
    found.fault = String(error);
  }
  decoder.close();
  return found;
}

async function paint({ job, type, mostPixels, mostFrames, mostFramePixels }) {
  const answer = {};
  try {
    answer.still = await still(job, mostPixels);
    if (await ImageDecoder.isTypeSupported(type))
      answer.animation = await animation(job, type, answer.still.painted, mostFrames, mostFramePixels);
  } catch (error) {
    answer.error = String(error);
  }
  await send(`answer?job=${job}`, JSON.stringify(answer));
}
