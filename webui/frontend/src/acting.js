// Buttons and forms that act: sent without leaving the page. The server answers with a toast, or
// with the form again and what is wrong with it. Without script the same forms answer with pages.

import { get, post } from "./ask.js";
import { refresh } from "./list.js";
import * as toasts from "./toasts.js";
import { tick } from "./ticking.js";

const sheet = () => document.getElementById("sheet");
let opener = null;

export async function openDialog(link) {
  opener = link;
  sheet().setAttribute("aria-busy", "true");
  const answer = await get(link.href);
  sheet().removeAttribute("aria-busy");
  if (!answer.ok) {
    location.href = link.href; // the whole page says why
    return;
  }
  fill(answer.html);
  if (!sheet().open) sheet().showModal();
  focusFirst();
}

function fill(html) {
  sheet().innerHTML = html;
  tick(sheet());
}

function focusFirst() {
  const wrong = sheet().querySelector("[aria-invalid=true], [role=alert]");
  const first = sheet().querySelector("input:not([type=hidden], [type=radio]), select, textarea, button");
  (wrong?.matches("input, select, textarea") ? wrong : first)?.focus();
}

function close() {
  if (sheet().open) sheet().close();
  sheet().replaceChildren();
}

async function send(address, fields, busy) {
  busy?.setAttribute("aria-disabled", "true");
  try {
    return await post(address, fields);
  } catch {
    toasts.say("The server cannot be reached. Nothing was changed; try again.");
    return null;
  } finally {
    busy?.removeAttribute("aria-disabled");
  }
}

async function act(form, submitter) {
  if (submitter?.getAttribute("aria-disabled") === "true") return;
  const fields = new FormData(form, submitter);
  const address = submitter?.getAttribute("formaction") ?? form.action;
  submitter?.closest("[popover]")?.hidePopover();
  const answer = await send(address, fields, submitter);
  if (!answer) return;
  if (answer.ok && !answer.html.includes("data-action=")) await done(answer, form);
  else {
    fill(answer.html);
    if (!sheet().open) sheet().showModal();
    focusFirst();
  }
}

async function done(answer, form) {
  close();
  form.reset(); // a note's text, the ticks
  await refresh();
  toasts.show(answer.html);
  tick(document.getElementById("toasts"));
  if (opener && !opener.isConnected) document.getElementById("main").focus({ preventScroll: true });
  opener = null;
}

const MINE = "#act, [data-action], #bulk";

export function setUp() {
  document.addEventListener("submit", (event) => {
    if (!event.target.matches(MINE)) return;
    event.preventDefault();
    act(event.target, event.submitter);
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-dialog]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      link.closest("[popover]")?.hidePopover();
      openDialog(link);
    }
    if (event.target.closest("#sheet [data-close]")) {
      event.preventDefault();
      close();
    }
    if (event.target === sheet()) close(); // beside it
  });
}
