// Builds webui/static/built: `node build.mjs [--watch] [--out FOLDER]`. The same sources and lock
// file give the same bytes, so that a check can build into another folder and compare.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const given = process.argv.slice(2);
const watch = given.includes("--watch");
const out = given.includes("--out")
  ? resolve(given[given.indexOf("--out") + 1])
  : join(here, "../static/built");

// Icons by lucide (ISC licence), one sprite: <use href="icons.svg#check">
const ICONS = [
  "arrow-down", "arrow-left", "arrow-right", "arrow-up", "bell", "bell-off", "box", "calendar", "chart-column", "check", "chevron-down",
  "chevron-left", "chevron-right", "circle-alert", "circle-check", "circle-dot", "circle-help", "clock", "copy", "download", "ellipsis",
  "external-link", "eye", "eye-off", "file-box", "filter", "folder", "folder-open", "hand", "history",
  "hourglass", "inbox", "info", "keyboard", "link", "list-checks", "log-out", "mail", "mail-check", "mail-x", "message-square",
  "moon", "move", "package-check", "pause", "pencil", "play", "printer", "receipt", "refresh-cw", "rotate-ccw", "rotate-cw",
  "search", "send", "settings", "siren", "sun", "trash-2", "triangle-alert", "undo-2", "upload", "user",
  "users", "volume-2", "volume-x", "wallet", "wifi-off", "x",
  "braces", "calendar-x", "file-question-mark", "file-x", "folders", "mail-warning", "ruler", "shopping-bag", "user-plus", "weight",
  "scale", "shield-alert",
];

function sprite() {
  const symbols = ICONS.map((name) => {
    const svg = readFileSync(join(here, `node_modules/lucide-static/icons/${name}.svg`), "utf8");
    const body = svg.replace(/<!--.*?-->/gs, "").match(/<svg[^>]*>(.*)<\/svg>/s)[1];
    return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">${body.replace(/\s*\n\s*/g, "")}</symbol>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("\n")}</svg>\n`;
}

mkdirSync(out, { recursive: true });
writeFileSync(join(out, "icons.svg"), sprite());

const options = {
  entryPoints: ["public", "staff", "stats"].map((name) => join(here, `src/${name}.js`)),
  outdir: out,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["chrome115", "firefox115", "safari16.4"],
  legalComments: "linked",
  logLevel: "warning",
};
const tailwind = [join(here, "node_modules/@tailwindcss/cli/dist/index.mjs"), "-i", join(here, "src/app.css"), "-o", join(out, "app.css"), "--minify"];

if (watch) {
  const context = await esbuild.context(options);
  await context.watch();
  spawnSync(process.execPath, [...tailwind, "--watch"], { cwd: here, stdio: "inherit" });
} else {
  await esbuild.build(options);
  const built = spawnSync(process.execPath, tailwind, { cwd: here, stdio: ["ignore", "ignore", "pipe"] });
  if (built.status !== 0) {
    process.stderr.write(built.stderr);
    process.exit(1);
  }
}
