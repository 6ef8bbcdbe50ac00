// The price as the weight is typed, in whole cents and milligrams: no floats. The server works it
// out again; what it says counts.

const SCALE = 6;

// A decimal as an integer of 10^-6; null for what is none
function millionths(text) {
  const found = /^\s*(\d{1,7})(?:\.(\d{0,6})\d*)?\s*$/.exec(text);
  return found ? BigInt(found[1]) * 10n ** 6n + BigInt((found[2] ?? "").padEnd(SCALE, "0") || 0) : null;
}

// Half up to the cent
export function priceInCents(weight, rate, minimum) {
  const cents = (millionths(weight) * millionths(rate) * 100n + 5n * 10n ** 11n) / 10n ** 12n;
  const least = (millionths(minimum) * 100n) / 10n ** 6n;
  return cents < least ? least : cents;
}

const money = (cents) => `$${cents / 100n}.${String(cents % 100n).padStart(2, "0")}`;

export function roundedUp(hours) {
  const given = millionths(hours);
  if (!given) return "";
  const halves = (given + 499999n) / 500000n;
  return `${halves / 2n}${halves % 2n ? ".5" : ""} h`;
}

export function quote() {
  return {
    price: "—",
    remark: "",
    init() {
      const shown = this.$root.querySelector("[x-text=remark]");
      this.rates = shown.textContent;
      this.work();
    },
    // What another file says, or the estimate, takes the place of what stood in the fields
    take(event) {
      for (const [name, field] of [["weight", "weight_g"], ["time", "time_h"], ["material", "material"]]) {
        const value = event.currentTarget.dataset[name];
        if (value) this.$root.querySelector(`[name=${field}]`).value = value;
      }
      this.work();
    },
    work() {
      const { rate, minimum } = this.$root.dataset;
      const weight = this.$root.querySelector("[name=weight_g]").value;
      const time = roundedUp(this.$root.querySelector("[name=time_h]").value);
      const known = rate && millionths(weight);
      this.price = known ? money(priceInCents(weight, rate, minimum)) : "—";
      this.remark = time ? `${this.rates}; time counts as ${time}` : this.rates;
    },
  };
}
