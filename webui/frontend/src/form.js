// The submission form: checked while one types, sent with its progress, and whatever the server or
// the network say, it stays as it was typed, the chosen file included.

import * as choices from "./choices.js";
import * as drop from "./drop.js";
import { Faults } from "./faults.js";
import { upload } from "./upload.js";

const part = (id) => document.getElementById(id);

const BROKEN = {
  "broken off": "The connection broke off before your model had arrived. Everything is still here as you typed it: try again.",
  stalled: "The connection has stalled. Everything is still here as you typed it: try again.",
  cancelled: "",
};
const CHANGED = "This file was changed since you chose it: please choose it again.";
const REFUSED = "We cannot take your model in just now. Everything is still here as you typed it: try again in a few minutes.";

let faults = null;
let running = null;

export function setUp() {
  const form = part("submission");
  if (!form) return;
  faults = new Faults(form);
  faults.watch();
  choices.setUp(form, faults);
  drop.setUp(faults);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!running) tryToSend(form);
  });
  part("cancel-upload").addEventListener("click", () => running?.cancel());
  addEventListener("beforeunload", (event) => {
    if (running) event.preventDefault();
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) rest();
  });
}

function tryToSend(form) {
  sayProblem("");
  const wrong = faults.checkAll();
  if (wrong.length) lookAgain(wrong);
  else send(form);
}

function lookAgain(wrong) {
  part("send-said").textContent =
    wrong.length === 1 ? "1 field needs another look." : `${wrong.length} fields need another look.`;
  faults.focus(wrong[0]);
}

async function send(form) {
  running = upload(form, showProgress);
  busy();
  try {
    take(form, await running.answer);
  } catch (broken) {
    rest();
    await explain(broken);
  }
}

async function explain(broken) {
  if (!(broken.message in BROKEN)) throw broken;
  if (broken.message === "cancelled") part("send-said").textContent = "Cancelled. The form is as you left it.";
  else if (await isReadable(part("file").files[0])) sayProblem(BROKEN[broken.message]);
  else {
    drop.forget();
    faults.show("file", CHANGED);
    faults.focus("file");
    return;
  }
  part("send").focus();
}

// A file that was saved again after it was chosen can no longer be sent; browsers say so only here.
async function isReadable(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

function take(form, { status, said }) {
  if (said?.location) {
    running = null; // nothing holds the page back now
    location.assign(said.location);
    return;
  }
  rest();
  if (said?.csrf_token) form.elements.namedItem("csrf_token").value = said.csrf_token;
  const found = said?.faults ?? (status === 413 ? { file: faults.rules.file.large } : {});
  const wrong = faults.names.filter((name) => found[name]);
  for (const name of faults.names) faults.show(name, found[name] ?? "");
  if (!wrong.length || said?.problem) sayProblem(said?.problem || REFUSED);
  if (wrong.length) lookAgain(wrong);
  else part("send").focus();
}

function busy() {
  part("fields").inert = true;
  part("submission").setAttribute("aria-busy", "true");
  part("send").setAttribute("aria-disabled", "true");
  part("cancel-upload").hidden = false;
  part("send-hint").hidden = true;
  showProgress(0);
}

function rest() {
  running = null;
  part("fields").inert = false;
  part("submission").removeAttribute("aria-busy");
  part("send").removeAttribute("aria-disabled");
  part("cancel-upload").hidden = true;
  part("send-hint").hidden = false;
  part("send-label").textContent = "Hand in";
  part("send-bar").style.width = "0";
  part("send-said").textContent = "";
}

function showProgress(done) {
  const percent = Math.floor(done * 100);
  part("send-bar").style.width = `${percent}%`;
  part("send-label").textContent = done < 1 ? `Sending, ${percent} %` : "Checking your model …";
  if (done >= 1) part("cancel-upload").hidden = true; // it has arrived: too late to take it back
  const quarter = Math.floor(percent / 25) * 25;
  const words = done < 1 ? `${quarter} percent sent` : "All sent. Your model is being checked.";
  if (part("send-said").textContent !== words) part("send-said").textContent = words;
}

function sayProblem(text) {
  const place = part("form-problem");
  place.replaceChildren();
  if (!text) return;
  const box = part("problem-template").content.firstElementChild.cloneNode(true);
  box.querySelector("p").textContent = text;
  place.append(box);
}
