// Color and printer follow the print method.

export function followMethod(select, method) {
  for (const group of select.querySelectorAll("optgroup")) {
    const fits = group.label === method;
    group.hidden = group.disabled = !fits;
    if (!fits && select.selectedOptions[0]?.parentElement === group) select.value = "";
  }
}

export function follow() {
  return {
    init() {
      const method = this.$root.querySelector("[name=print_method]");
      const others = this.$root.querySelectorAll("[name=color], [name=printer]");
      const all = () => others.forEach((select) => followMethod(select, method.value));
      method.addEventListener("change", all);
      all();
    },
  };
}
