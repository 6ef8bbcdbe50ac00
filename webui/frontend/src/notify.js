// New jobs while nobody looks: their number in the tab's title, and a notification of the desktop
// where somebody has asked for it.

import { recall, remember } from "./remembered.js";

const KEY = "notify";
let unseen = 0;

function show() {
  const title = document.title.replace(/^\(\d+\) /, "");
  document.title = unseen ? `(${unseen}) ${title}` : title;
}

const isWatched = () => !document.hidden && document.hasFocus();

function seen() {
  if (!isWatched() || !unseen) return;
  unseen = 0;
  show();
}

export function setUp() {
  document.addEventListener("new-jobs", ({ detail }) => {
    if (isWatched()) return;
    unseen += detail.count;
    show();
  });
  document.addEventListener("visibilitychange", seen);
  addEventListener("focus", seen);
}

function tell({ count, names }) {
  const heading = count === 1 ? "A new job" : `${count} new jobs`;
  try {
    // One tag: several tabs, or a second job, change the notification instead of adding one.
    const shown = new Notification(heading, { body: names.join(", "), tag: "new-jobs" });
    shown.addEventListener("click", () => {
      window.focus();
      shown.close();
    });
  } catch { /* phones allow it only to service workers */ }
}

export function notify() {
  const isOffered = "Notification" in window && window.isSecureContext;
  return {
    on: false,
    missing: !isOffered,
    denied: false,
    get allowed() {
      return !this.denied;
    },
    init() {
      if (!isOffered) return;
      this.on = recall(KEY, { on: false }).on && Notification.permission === "granted";
      this.denied = Notification.permission === "denied";
      document.addEventListener("new-jobs", ({ detail }) => {
        if (this.on && !isWatched()) tell(detail);
      });
    },
    async changed() {
      const answer = this.on ? await Notification.requestPermission() : Notification.permission;
      this.on = this.on && answer === "granted";
      this.denied = answer === "denied";
      remember(KEY, { on: this.on });
    },
  };
}
