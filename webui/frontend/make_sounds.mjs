// Makes webui/static/sounds: `node make_sounds.mjs [--out FOLDER]`. Short, soft, nobody else's; the
// same bytes every time.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const RATE = 22050;
const PEAK = 0.7; // of full scale
const ATTACK_S = 0.004; // no click at the start
const FADE_S = 0.05; // nor at the end

// A note: when it starts, its pitch, how loud; a voice: partials as [ratio, loudness, fade per s].
const CHIME = [[1, 1, 4], [2, 0.45, 6], [2.76, 0.25, 9], [5.4, 0.1, 14]];
const MARIMBA = [[1, 1, 9], [3.93, 0.35, 28], [9.2, 0.08, 50]];
const SOFT = [[1, 1, 5], [2, 0.18, 8], [3, 0.06, 12]];
const SOUNDS = {
  chime: { seconds: 0.88, voice: CHIME, notes: [[0, 1046.5, 0.8], [0.11, 1568, 1]] },
  marimba: { seconds: 0.75, voice: MARIMBA, notes: [[0, 523.25, 1], [0.12, 659.26, 0.9], [0.24, 783.99, 1]] },
  doorbell: { seconds: 0.88, voice: SOFT, notes: [[0, 659.26, 1], [0.3, 523.25, 1]] },
  silence: { seconds: 0.1, voice: SOFT, notes: [] }, // to ask whether a page may play at all
};

function at(second, { voice, notes }) {
  let sum = 0;
  for (const [start, pitch, loudness] of notes) {
    const t = second - start;
    if (t < 0) continue;
    const attack = Math.min(1, t / ATTACK_S);
    for (const [ratio, part, fade] of voice)
      sum += attack * loudness * part * Math.exp(-fade * t) * Math.sin(2 * Math.PI * pitch * ratio * t);
  }
  return sum;
}

function samples(sound) {
  const count = Math.round(sound.seconds * RATE);
  const found = Float64Array.from({ length: count }, (_, n) => {
    const left = (count - 1 - n) / RATE;
    return at(n / RATE, sound) * Math.min(1, left / FADE_S);
  });
  const loudest = found.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  return Int16Array.from(found, (value) => Math.round((value / loudest) * PEAK * 32767));
}

function wav(values) {
  const file = Buffer.alloc(44 + 2 * values.length);
  file.write("RIFF", 0);
  file.writeUInt32LE(file.length - 8, 4);
  file.write("WAVEfmt ", 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20); // PCM
  file.writeUInt16LE(1, 22); // mono
  file.writeUInt32LE(RATE, 24);
  file.writeUInt32LE(2 * RATE, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write("data", 36);
  file.writeUInt32LE(2 * values.length, 40);
  values.forEach((value, n) => file.writeInt16LE(value, 44 + 2 * n));
  return file;
}

const given = process.argv.indexOf("--out");
const here = dirname(fileURLToPath(import.meta.url));
const out = given > 0 ? resolve(process.argv[given + 1]) : join(here, "../static/sounds");
mkdirSync(out, { recursive: true });
for (const [name, sound] of Object.entries(SOUNDS))
  writeFileSync(join(out, `${name}.wav`), wav(samples(sound)));
