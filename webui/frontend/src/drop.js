// Where the model is dropped or chosen: its name and size, and what is wrong with it, at once.

export function sizeWords(bytes) {
  if (bytes < 1000) return `${bytes} bytes`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

export function setUp(faults) {
  const zone = document.getElementById("drop");
  const input = document.getElementById("file");
  zone.dataset.live = "";
  const show = () => {
    const file = input.files[0];
    document.getElementById("drop-empty").hidden = Boolean(file);
    document.getElementById("drop-chosen").hidden = !file;
    document.getElementById("drop-name").textContent = file?.name ?? "";
    document.getElementById("drop-size").textContent = file ? sizeWords(file.size) : "";
    document.getElementById("file-again")?.remove();
  };
  input.addEventListener("change", show);
  if (input.files.length) show(); // the browser has kept it over a reload
  takeDrops(zone, input, faults);
}

function takeDrops(zone, input, faults) {
  const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
  const over = (is) => {
    if (is) zone.dataset.over = "";
    else delete zone.dataset.over;
  };
  zone.addEventListener("dragover", (event) => over(holdsFiles(event)));
  zone.addEventListener("dragleave", () => over(false));
  zone.addEventListener("drop", (event) => {
    over(false);
    if (!holdsFiles(event) || !event.dataTransfer.files.length) return;
    if (input.closest("[inert]")) return;
    const [first, ...others] = event.dataTransfer.files;
    if (others.length) {
      faults.show("file", "One model at a time: each file is a request of its own.");
      return;
    }
    choose(input, first);
  });
  for (const kind of ["dragover", "drop"]) {
    // Beside the zone the browser would open the file, and all that was typed would be gone.
    addEventListener(kind, (event) => {
      if (holdsFiles(event)) event.preventDefault();
    });
  }
}

function choose(input, file) {
  const held = new DataTransfer();
  held.items.add(file);
  input.files = held.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

export function forget() {
  const input = document.getElementById("file");
  input.value = "";
  input.dispatchEvent(new Event("change", { bubbles: true }));
}
