// What was just done, with the way back while there is one. A toast stays as long as its mail can
// still be stopped, else eight seconds; it waits while the pointer or the focus is on it.

const SHOWN_MS = 8000;
const region = () => document.getElementById("toasts");

export function show(html) {
  region().innerHTML = html;
  region().querySelectorAll("[data-toast]").forEach(keep);
}

export function say(text) {
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.dataset.toast = "";
  toast.textContent = text;
  region().replaceChildren(toast);
  keep(toast);
}

export const undoButton = () => region()?.querySelector("[formaction$='/undo']");

function keep(toast) {
  const until = toast.dataset.until ? Date.parse(toast.dataset.until) : 0;
  const end = Math.max(Date.now() + SHOWN_MS, Math.min(until, Date.now() + 120000));
  const dismiss = toast.querySelector("[data-dismiss]");
  if (dismiss) {
    dismiss.hidden = false;
    dismiss.addEventListener("click", () => toast.remove());
  }
  const watch = setInterval(() => {
    if (!toast.isConnected) clearInterval(watch);
    else if (Date.now() > end && !toast.matches(":hover, :focus-within")) toast.remove();
  }, 500);
}

export function setUp() {
  region()?.querySelectorAll("[data-toast]").forEach(keep);
}
