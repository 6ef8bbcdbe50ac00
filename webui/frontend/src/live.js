// What happens is heard at once: one stream of events from the server. Where none gets through,
// the page asks every 45 s. The rest of the page is told by events on `document`:
//   jobs-changed   {jobs: [numbers]}; none: anything may have changed
//   health-changed {banners: [texts]}
//   live-state     {state, at}: live, polling, offline (since then) or signed-out
//
// Over HTTP/1 a browser opens six connections to a server and no more, streams included: with a
// stream in every tab, the seventh page would never load. So a hidden tab gives its own up when
// another tab has one, and is told by that one what happens.

const ADDRESS = "/api/v1/changes";
const EVENTS = ["hello", "change", "health", "beat"];
const TICK_MS = 2000;
const AGAIN_MS = 5000;
const SILENT_MS = 40000; // the server beats every 15 s
export const POLL_MS = 45000;

const others = new BroadcastChannel("printsystem-live");
let stream = null; // this tab's own
let hears = true; // whether the server hears of changes itself
let heardAt = 0;
let askedAt = 0;
let triedAt = 0;
let lostAt = 0; // since when the browser has been trying to get the stream back
let now = { state: "", at: new Date() };

export const current = () => now;

function say(name, detail) {
  document.dispatchEvent(new CustomEvent(name, { detail }));
}

function become(state) {
  if (state === now.state && (state === "offline" || state === "signed-out")) return;
  now = { state, at: new Date() };
  say("live-state", now);
}

function refresh() {
  askedAt = Date.now();
  say("jobs-changed", { jobs: [] });
}

function connect() {
  stream?.close();
  stream = new EventSource(ADDRESS);
  heardAt = triedAt = Date.now();
  lostAt = 0;
  for (const name of EVENTS)
    stream.addEventListener(name, (event) => hear(name, JSON.parse(event.data)));
  stream.addEventListener("error", lose);
}

function hear(name, data) {
  lostAt = 0;
  if (name === "hello") others.postMessage({ name: "mine" });
  others.postMessage({ name, data });
  take(name, data);
}

function take(name, data) {
  heardAt = Date.now();
  if (name === "hello" || name === "health") {
    hears = data.hears;
    say("health-changed", { banners: data.banners });
  }
  if (name === "hello") refresh(); // nobody told of what happened before
  if (name === "change") say("jobs-changed", data);
  if (hears || now.state !== "polling") become(hears ? "live" : "polling");
}

function lose() {
  if (stream?.readyState === EventSource.CLOSED) findOutWhy();
  else lostAt ||= Date.now(); // it comes back by itself, as after every ten minutes
}

function giveUp() {
  stream?.close();
  stream = null;
  lostAt = 0;
}

// An EventSource does not say why it has failed; this asks for a place without taking it.
async function findOutWhy() {
  giveUp();
  askedAt = Date.now();
  const answer = await fetch(ADDRESS, {
    method: "HEAD",
    cache: "no-store",
    signal: AbortSignal.timeout(10000),
  }).catch(() => null);
  if (answer?.status === 401) become("signed-out");
  else if (!answer || (!answer.ok && answer.status !== 503)) become("offline");
  else if (answer.ok && Date.now() - triedAt > AGAIN_MS) connect();
  else become("polling"); // no place: there are as many listeners as can be
}

function tick() {
  const time = Date.now();
  const isSilent = time - heardAt > SILENT_MS;
  const isDue = time - askedAt >= POLL_MS;
  if (stream && (isSilent || (lostAt && time - lostAt > AGAIN_MS))) findOutWhy();
  else if (now.state === "live" && !stream && isSilent) connect(); // the other tab is gone
  else if (now.state === "offline" && time - askedAt >= AGAIN_MS) findOutWhy();
  else if (now.state !== "live" && isDue) poll();
}

function poll() {
  refresh();
  if (!stream) connect();
  else become("polling");
}

function comeBack() {
  if (document.hidden) return;
  refresh();
  if (!stream || Date.now() - heardAt > SILENT_MS) connect();
}

function leave() {
  if (stream) others.postMessage({ name: "gone" });
  giveUp();
}

function hearFromOthers({ data: { name, data } }) {
  if (name === "mine" && document.hidden) giveUp();
  if (name === "gone") takeOverFrom(heardAt);
  if (EVENTS.includes(name) && !stream) take(name, data);
}

// A page that is left for another one of this site has a new stream within a second.
function takeOverFrom(lastHeardAt) {
  if (stream) return;
  const isStillMissing = () => !stream && heardAt === lastHeardAt;
  setTimeout(() => isStillMissing() && connect(), 1000 + 2000 * Math.random());
}

export function setUp() {
  others.addEventListener("message", hearFromOthers);
  document.addEventListener("visibilitychange", comeBack);
  addEventListener("online", connect);
  addEventListener("offline", () => become("offline"));
  addEventListener("pagehide", leave);
  addEventListener("pageshow", (event) => event.persisted && comeBack());
  setInterval(tick, TICK_MS);
  connect();
}

const WORDS = {
  "": () => "Connecting",
  live: (at) => `Live, updated ${at("medium")}`,
  polling: (at) => `Updated every ${POLL_MS / 1000} s, last ${at("medium")}`,
  offline: (at) => `Offline since ${at("short")}`,
  "signed-out": () => "Signed out; reload to log in",
};

// How fresh the page is, in words; data-timezone is the lab's.
export function lastUpdated() {
  return {
    text: "",
    state: "",
    init() {
      this.show(now);
      document.addEventListener("live-state", (event) => this.show(event.detail));
    },
    show({ state, at }) {
      const timeZone = this.$root.dataset.timezone;
      const clock = (timeStyle) => at.toLocaleTimeString("en-US", { timeStyle, timeZone });
      this.state = state || "connecting";
      this.text = WORDS[state](clock);
    },
  };
}
