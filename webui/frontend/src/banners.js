// What is wrong with the system is on every page of staff's as soon as it is known, and no longer.

const region = () => document.getElementById("banners");
const shown = () => [...region().querySelectorAll("[data-banner]")].map((one) => one.dataset.banner);
const parts = (banners) => banners.map((text) => text.split(": ")[0]);

async function update({ detail }) {
  if (!region() || String(parts(detail.banners)) === String(shown())) return;
  const answer = await fetch(location.href, { cache: "no-cache" }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  region().replaceChildren(...(page.getElementById("banners")?.childNodes ?? []));
}

export function setUp() {
  document.addEventListener("health-changed", update);
}
