// Pages keep themselves up to date: on a change the list, or the part of another page marked with
// data-live, is fetched again and morphed in, so that ticks, focus, open menus and what was typed
// stay. One fetch at a time; changes meanwhile lead to one more.

import Alpine from "@alpinejs/csp";
import { order } from "./order.js";
import { tick } from "./ticking.js";

const list = () => document.getElementById("list");
const live = () => document.querySelector("[data-live]");
let running = null;
let again = false;
let shown = list() ? htmlOf(list()) : new Map();

function address() {
  return `/staff/list${location.search}`;
}

export function refresh() {
  if (!list() && !live()) return Promise.resolve();
  const menu = document.querySelector(":is(#list, [data-live]) :popover-open");
  if (menu) { // rows do not jump away under an open menu
    menu.addEventListener("toggle", refresh, { once: true });
    return Promise.resolve();
  }
  if (running) {
    again = true;
    return running;
  }
  running = fetchAndMorph().finally(() => {
    running = null;
    if (again) {
      again = false;
      refresh();
    }
  });
  return running;
}

async function fetchAndMorph() {
  const answer = await fetch(list() ? address() : location.href, { cache: "no-cache" });
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (list()) putList(page.getElementById("list"));
  else putPart(page.querySelector("[data-live]"));
}

function putPart(parsed) {
  if (parsed) {
    keepOpen(parsed);
    order(live(), parsed);
    Alpine.morph(live(), document.adoptNode(parsed), { key: (element) => element.id });
  }
  tick(live());
  document.dispatchEvent(new CustomEvent("part-changed"));
}

// What the person has unfolded stays unfolded.
function keepOpen(parsed) {
  for (const one of live().querySelectorAll("details[id][open]"))
    parsed.querySelector(`#${CSS.escape(one.id)}`)?.setAttribute("open", "");
}

function putList(parsed) {
  const before = jobsIn(list());
  const newest = list().dataset.newest;
  const fresh = htmlOf(parsed);
  for (const row of parsed.querySelectorAll("[data-job]")) keepPlace(row);
  order(list(), parsed);
  Alpine.morph(list(), document.adoptNode(parsed), {
    key: (element) => element.id,
    updating(row, to, childrenOnly, skip) {
      if (row.dataset?.job && shown.get(row.id) === fresh.get(row.id)) skip();
    },
  });
  shown = fresh;
  tick(list());
  const came = [...jobsIn(list())].filter(([number]) => !before.has(number));
  for (const [, row] of came) flash(row);
  announce(came.map(([, row]) => row), newest);
  document.title = document.title.replace(/^(\(\d+\) )?.*/, `$1${list().dataset.title.replaceAll("$", "$$$$")}`);
  document.dispatchEvent(new CustomEvent("list-changed"));
}

// The rows as the server drew them, by id: what has not changed is left alone.
function htmlOf(root) {
  return new Map([...root.querySelectorAll("[data-job]")].map((row) => [row.id, row.outerHTML]));
}

function jobsIn(root) {
  return new Map([...root.querySelectorAll("[data-job]")].map((row) => [row.dataset.job, row]));
}

// Where the person is, the server does not know; a tick is no attribute, and morph leaves it alone.
function keepPlace(row) {
  if (document.getElementById(row.id)?.classList.contains("job-here")) row.classList.add("job-here");
}

function flash(row) {
  row.classList.add("job-changed");
  row.addEventListener("animationend", () => row.classList.remove("job-changed"), { once: true });
}

// Jobs with a higher number than any before are new, on whatever tab one is; while the index is
// away nobody knows the highest.
function announce(rows, newest) {
  const count = Number(list().dataset.newest) - Number(newest);
  if (count <= 0 || newest === "") return;
  const names = rows.filter((row) => Number(row.dataset.job) > Number(newest)).map((row) => row.dataset.name);
  document.dispatchEvent(new CustomEvent("new-jobs", { detail: { count, names } }));
}

export function setUp() {
  document.addEventListener("jobs-changed", (event) => {
    if (concerns(event.detail?.jobs ?? [])) refresh();
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-filter]")) event.target.form.requestSubmit();
    if (event.target.matches(".check[name=jobs]")) countChosen();
  });
  document.addEventListener("reset", (event) => {
    if (event.target.id === "bulk") setTimeout(countChosen);
  });
  document.addEventListener("list-changed", countChosen);
  document.addEventListener("submit", (event) => {
    if (event.target.matches("[data-filters]")) dropEmpty(event);
  });
  countChosen();
}

// A job's page cares for its own job only; an empty list of jobs means "look at everything".
function concerns(jobs) {
  const own = Number(document.querySelector("[data-live][data-job]")?.dataset.job);
  return !own || !jobs.length || jobs.includes(own);
}

function countChosen() {
  const chosen = document.querySelectorAll(".jobs .check:checked").length;
  const words = document.querySelector("[data-chosen]");
  if (words) words.textContent = `${chosen} selected`;
  document.body.classList.toggle("choosing", chosen > 0);
}

// ?printer=&color= says nothing: leave it out of the address
function dropEmpty(event) {
  event.preventDefault();
  const fields = [...new FormData(event.target)].filter(([, value]) => value);
  location.search = new URLSearchParams(fields).toString();
}
