// "Copy path": where a file lies as this computer sees the share, once it was told where that is.

import { say } from "./toasts.js";

const KEY = "share-path";
const remembered = () => {
  try {
    return localStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
};

export function pathHere(path, root = remembered()) {
  const slash = /^[a-z]:|\\/i.test(root) ? "\\" : "/";
  const parts = root ? [root.replace(/[\\/]+$/, ""), ...path.split("/")] : path.split("/");
  return parts.join(slash);
}

async function copy(path) {
  const text = pathHere(path);
  try {
    await navigator.clipboard.writeText(text);
    say(`Copied: ${text}`);
  } catch {
    say(text); // a page that is not https may not copy: show it, to be copied by hand
  }
}

const unhide = () =>
  document.querySelectorAll("[data-copy], [data-share-path]").forEach((element) => { element.hidden = false; });

export function setUp() {
  unhide();
  document.addEventListener("part-changed", unhide);
  const input = document.querySelector("[data-share-path-input]");
  if (input) input.value = remembered();
  input?.addEventListener("change", () => {
    try {
      localStorage.setItem(KEY, input.value.trim());
    } catch { /* private browsing: it is asked for again */ }
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button.dataset.copy);
    if (event.target.closest("[data-print]")) print();
  });
}
