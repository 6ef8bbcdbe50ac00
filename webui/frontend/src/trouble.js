// The trouble list: when it has changed by itself, the count in the header follows.

export function setUp() {
  document.addEventListener("part-changed", () => {
    const list = document.querySelector("[data-trouble-total]");
    const badge = document.querySelector("[data-trouble-count]");
    if (!list || !badge) return;
    badge.textContent = list.dataset.troubleTotal;
    badge.hidden = list.dataset.troubleTotal === "0";
  });
}
