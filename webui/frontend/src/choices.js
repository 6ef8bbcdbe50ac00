// Color and printer follow the print method: off until it is chosen, then only what it offers.
// Options are taken out rather than hidden, since Safari shows hidden ones.

class Follower {
  constructor(select) {
    this.select = select;
    this.prompt = select.options[0];
    this.offers = new Map(
      [...select.querySelectorAll("optgroup")].map((group) => [group.label, [...group.children]]),
    );
  }

  follow(method, { alone = false } = {}) {
    const chosen = this.select.value;
    const offered = this.offers.get(method) ?? [];
    const open = offered.filter((option) => !option.disabled);
    this.select.replaceChildren(this.prompt, ...offered);
    this.prompt.textContent = method ? "Choose …" : "Choose a print method first";
    this.select.disabled = !method;
    const stays = open.some((option) => option.value === chosen);
    this.select.value = stays ? chosen : alone && open.length === 1 ? open[0].value : "";
  }
}

export function setUp(form, faults) {
  const followers = [...form.querySelectorAll("[data-follows]")].map((select) => new Follower(select));
  const methods = form.elements.namedItem("print_method");
  const volumes = JSON.parse(document.getElementById("model-preview").dataset.volumesMm);
  const printer = document.getElementById("printer");
  const sayVolume = () => {
    document.getElementById("printer-volume").textContent = volumeWords(volumes[printer.value]);
  };
  for (const follower of followers) follower.follow(methods.value);
  sayVolume();
  form.addEventListener("change", (event) => {
    if (event.target.name === "print_method") {
      for (const follower of followers) {
        follower.follow(methods.value, { alone: true });
        faults.show(follower.select.name, "");
      }
      printer.dispatchEvent(new Event("change")); // for who draws the model beside its volume
    }
  });
  printer.addEventListener("change", sayVolume);
}

export function volumeWords(sides) {
  if (!sides) return "";
  const inches = sides.map((side) => (side / 25.4).toFixed(1));
  return `Builds up to ${sides.join(" × ")} mm (${inches.join(" × ")} in).`;
}
