// A student's page keeps itself up to date: it asks now and then for a small mark, and takes the
// main part anew when that has changed. Nothing moves while the page is not looked at.

const EVERY_MS = 30000;

async function look() {
  const part = document.getElementById("progress");
  if (document.hidden) return;
  const answer = await fetch(part.dataset.stateUrl);
  if (!answer.ok) return; // being moved at this moment, or the share is away: ask again later
  const { mark, headline } = await answer.json();
  if (mark !== part.dataset.mark) await renew(part, headline);
}

async function renew(part, headline) {
  const page = await fetch(location.href);
  if (!page.ok) return;
  const fresh = new DOMParser().parseFromString(await page.text(), "text/html");
  const other = fresh.getElementById("progress");
  if (!other) return;
  const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
  part.replaceWith(document.adoptNode(other));
  document.title = fresh.title;
  if (focused) (document.getElementById(focused) ?? document.getElementById("main")).focus({ preventScroll: true });
  const said = document.getElementById("progress-said");
  if (said.textContent !== headline) said.textContent = headline;
}

export function setUp() {
  if (!document.getElementById("progress")) return;
  const quietly = () => look().catch(() => {}); // offline: the next time may do
  setInterval(quietly, EVERY_MS);
  document.addEventListener("visibilitychange", quietly);
}
