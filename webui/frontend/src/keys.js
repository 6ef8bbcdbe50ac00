// The keyboard: letters act on the job one is on, as the help sheet ("?") says.

import { undoButton } from "./toasts.js";

const rows = () => [...document.querySelectorAll("#list [data-job]")];
const here = () => document.querySelector(".job-here") ?? document.querySelector("#job-page");

function moveTo(row) {
  document.querySelector(".job-here")?.classList.remove("job-here");
  if (!row) return;
  row.classList.add("job-here");
  row.querySelector(".job-who").focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = rows();
  const at = all.findIndex((row) => row.classList.contains("job-here"));
  moveTo(all[Math.min(Math.max(at + by, 0), all.length - 1)]);
}

// The first of these steps that the job offers
const press = (...names) => () => {
  for (const name of names) {
    const target = here()?.querySelector(`[data-step="${name}"]`);
    if (target) return target.click();
  }
};

const go = (address) => () => { location.href = address; };

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  o: () => here()?.querySelector(".job-who")?.click(),
  a: press("approve", "confirm", "start", "complete", "collect"),
  r: press("reject", "fail"),
  v: press("review", "unreview"),
  n: () => (document.querySelector("#job-page #text") ?? here()?.querySelector('[data-step="note"]'))?.[
    document.querySelector("#job-page #text") ? "focus" : "click"
  ](),
  e: press("edit"),
  m: press("move"),
  c: () => here()?.querySelector("[data-copy]")?.click(),
  x: () => here()?.querySelector(".check")?.click(),
  u: () => (undoButton() ?? document.querySelector("#job-page [data-step=undo]"))?.click(),
  "/": () => document.getElementById("q")?.focus(),
  "?": () => document.getElementById("keys")?.showModal(),
};
const GO = { t: go("/staff/trouble"), s: go("/staff/stats"), j: go("/staff/") };

let goes = false;

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
  if (document.querySelector("dialog[open]")) return;
  const does = (goes && GO[event.key]) || tab(event.key) || KEYS[event.key];
  goes = event.key === "g";
  if (!does) return;
  event.preventDefault();
  document.body.classList.add("by-keys");
  does();
}

function tab(key) {
  const link = /^[1-7]$/.test(key) && document.querySelector(`[data-tab="${key}"]`);
  return link && (() => link.click());
}

export function setUp() {
  document.addEventListener("keydown", pressed);
  document.addEventListener("pointerdown", () => document.body.classList.remove("by-keys"));
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest?.("#list [data-job]");
    if (row && !row.classList.contains("job-here")) {
      document.querySelector(".job-here")?.classList.remove("job-here");
      row.classList.add("job-here");
    }
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-keys]")) document.getElementById("keys").showModal();
  });
}
