// A form on its way, with its progress. `fetch` cannot tell how much of a body has gone.

const STALL_MS = 90000; // nothing has moved for so long: the connection is dead, whatever it says
const THINK_MS = 300000; // once all has arrived: a slow share may take its time

export class Broken extends Error {}

export function upload(form, onProgress) {
  const request = new XMLHttpRequest();
  const answer = new Promise((resolve, reject) => {
    const watch = patience(() => request.abort());
    request.upload.addEventListener("progress", (event) => {
      watch.again();
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    });
    request.upload.addEventListener("load", () => {
      watch.again(THINK_MS);
      onProgress(1);
    });
    request.addEventListener("load", () => resolve({ status: request.status, said: read(request) }));
    request.addEventListener("error", () => reject(new Broken("broken off")));
    request.addEventListener("abort", () => reject(new Broken(watch.isOver() ? "stalled" : "cancelled")));
    request.addEventListener("loadend", watch.end);
  });
  request.open("POST", form.action);
  request.setRequestHeader("X-Fragment", "1");
  request.setRequestHeader("Accept", "application/json");
  request.send(new FormData(form));
  return { answer, cancel: () => request.abort() };
}

function read(request) {
  try {
    return JSON.parse(request.responseText);
  } catch {
    return null; // a page for people, or a proxy's own words
  }
}

function patience(giveUp) {
  let over = false;
  let timer = 0;
  const start = (ms = STALL_MS) => setTimeout(() => { over = true; giveUp(); }, ms);
  timer = start();
  return {
    again(ms) { clearTimeout(timer); timer = start(ms); },
    end() { clearTimeout(timer); },
    isOver: () => over,
  };
}
