// Count-downs to a mail and ages of jobs, kept true between two fetches.

const MINUTE = 60000;

function left(until) {
  const seconds = Math.ceil((Date.parse(until) - Date.now()) / 1000);
  if (seconds <= 0) return "now";
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

export function age(since, now = Date.now()) {
  const minutes = Math.max(0, Math.floor((now - Date.parse(since)) / MINUTE));
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60)];
  if (days) return `${days}d ${hours}h`;
  return hours ? `${hours}h ${minutes % 60}m` : `${minutes}m`;
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function tick(root = document) {
  for (const element of root.querySelectorAll("[data-countdown]"))
    put(element, left(element.dataset.countdown));
  for (const element of root.querySelectorAll("[data-age]"))
    put(element, age(element.getAttribute("datetime")));
}

export function setUp() {
  tick();
  setInterval(tick, 1000);
}
