// Color and printer follow the print method; the form works without this.
const form = document.getElementById("submission");
const methods = form.elements.namedItem("print_method");
const file = form.elements.namedItem("file");

function chosenMethod() {
  return form.querySelector("input[name=print_method]:checked")?.value ?? "";
}

function follow(select) {
  const method = chosenMethod();
  select.disabled = !method;
  select.options[0].textContent = method ? "Choose …" : "Choose a print method first";
  for (const group of select.querySelectorAll("optgroup")) {
    const fits = group.label === method;
    group.hidden = !fits;
    group.disabled = !fits;
    for (const option of group.children) if (!fits && option.selected) select.value = "";
  }
}

function followAll() {
  follow(form.elements.namedItem("color"));
  follow(form.elements.namedItem("printer"));
}

function checkFile() {
  const limit = Number(file.dataset.limitMb);
  const chosen = file.files[0];
  const tooLarge = chosen && chosen.size > limit * 1e6;
  file.setCustomValidity(tooLarge ? `This file is larger than ${limit} MB.` : "");
  if (tooLarge) file.reportValidity();
}

for (const method of methods.length ? methods : [methods]) method.addEventListener("change", followAll);
file.addEventListener("change", checkFile);
form.addEventListener("submit", (event) => {
  if (!form.checkValidity()) {
    event.preventDefault();
    form.reportValidity();
    return;
  }
  form.querySelector("button").disabled = true;
  document.getElementById("sending").textContent = "Handing in …";
});
addEventListener("pageshow", () => { form.querySelector("button").disabled = false; });
followAll();
