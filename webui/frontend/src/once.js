// A button that acts is pressed once, however impatiently.

export function setUp() {
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-once]")) return;
    if (event.target.dataset.once === "sent") event.preventDefault();
    event.target.dataset.once = "sent";
    event.target.querySelector("button").setAttribute("aria-disabled", "true");
  });
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("[data-once=sent]")) {
      form.dataset.once = "";
      form.querySelector("button").removeAttribute("aria-disabled");
    }
  });
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }
}
