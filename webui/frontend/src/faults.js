// The message beside a field: there is one at most, and the field is tied to it for screen readers.

import { fileFault, isTooLong, lineFault } from "./check.js";

const BLUR_MS = 150; // a message that comes at once moves the button away from under the pointer

export class Faults {
  constructor(form) {
    this.form = form;
    this.rules = JSON.parse(form.dataset.rules);
    this.left = new Set();
    const names = [...form.elements].map((control) => control.name);
    this.names = [...new Set(names)].filter((name) => name in this.rules); // as they stand on the page
  }

  watch() {
    this.form.addEventListener("focusout", ({ target }) => {
      if (target.matches(".input") && target.value) setTimeout(() => this.leave(target.name), BLUR_MS);
    });
    this.form.addEventListener("input", (event) => this.typed(event.target));
    this.form.addEventListener("change", (event) => this.leave(event.target.name));
  }

  leave(name) {
    if (!(name in this.rules)) return;
    this.left.add(name);
    this.check(name);
  }

  typed(control) {
    const rule = this.rules[control.name];
    if (!rule) return;
    const late = rule.too_long && isTooLong(control.value, rule);
    if (late || this.left.has(control.name) || this.isShown(control.name)) this.check(control.name);
  }

  checkAll() {
    return this.names.filter((name) => this.check(name));
  }

  check(name) {
    const text = this.of(name);
    this.show(name, text);
    return text;
  }

  of(name) {
    const control = this.form.elements.namedItem(name);
    const rule = this.rules[name];
    if (control.disabled) return ""; // color and printer, before there is a method
    if (control.type === "file") return fileFault(control.files[0], rule);
    if (control.type === "checkbox") return control.checked ? "" : rule.empty;
    return lineFault(control.value, rule);
  }

  isShown(name) {
    return document.getElementById(`${name}-fault`) !== null;
  }

  show(name, text) {
    const control = document.getElementById(name);
    const id = `${name}-fault`;
    const shown = document.getElementById(id);
    const others = (control.getAttribute("aria-describedby") ?? "").split(" ").filter((one) => one && one !== id);
    set(control, "aria-invalid", text && "true");
    set(control, "aria-describedby", (text ? [id, ...others] : others).join(" "));
    if (!text) shown?.remove();
    else if (shown) shown.querySelector("span").textContent = text;
    else control.closest(".field").append(this.made(id, text));
  }

  made(id, text) {
    const fault = document.getElementById("fault-template").content.firstElementChild.cloneNode(true);
    fault.id = id;
    fault.querySelector("span").textContent = text;
    return fault;
  }

  focus(name) {
    const control = document.getElementById(name);
    (control.matches("fieldset") ? control.querySelector("input:checked, input") : control).focus();
    control.closest(".field").scrollIntoView({ block: "nearest" });
  }
}

function set(element, name, value) {
  if (value) element.setAttribute(name, value);
  else element.removeAttribute(name);
}
