// Asking the server for a part of a page: the same addresses as without script, plus one header.

export const token = () => document.querySelector("meta[name=csrf-token]")?.content ?? "";

export async function get(address) {
  const answer = await fetch(address, { headers: { "X-Fragment": "1" } });
  return taken(answer);
}

export async function post(address, fields) {
  const answer = await fetch(address, {
    method: "POST",
    headers: { "X-Fragment": "1" },
    body: fields,
  });
  return taken(answer);
}

async function taken(answer) {
  if (answer.redirected && new URL(answer.url).pathname.endsWith("/login")) {
    location.reload(); // the session has ended: the log-in page leads back here
    return new Promise(() => {});
  }
  return { ok: answer.ok, status: answer.status, html: await answer.text() };
}
