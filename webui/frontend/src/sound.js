// A sound for a new job. Browsers let no page play before somebody has clicked on it: until then
// a button asks for that click.

import { recall, remember } from "./remembered.js";

const KEY = "sound";
const RUNG = "sound-rung";
const DEFAULTS = { on: true, volume: 60, choice: "chime" };
const TOGETHER_MS = 2000; // several tabs find the same job at about the same time: one rings

function isFirst() {
  const { at } = recall(RUNG, { at: 0 });
  remember(RUNG, { at: Date.now() });
  return Math.abs(Date.now() - at) > TOGETHER_MS;
}

// On the element: data-chime and so on, each the address of a sound, and data-silence.
export function sound() {
  return {
    ...DEFAULTS,
    blocked: false,
    get off() {
      return !this.on;
    },
    get unblocked() {
      return !this.blocked;
    },
    init() {
      this.$root.hidden = false;
      const { on, volume, choice } = recall(KEY, DEFAULTS);
      Object.assign(this, { on, volume, choice: this.$root.dataset[choice] ? choice : DEFAULTS.choice });
      document.addEventListener("new-jobs", () => this.on && isFirst() && this.ring());
      this.probe();
      document.addEventListener("click", () => this.blocked && this.probe());
    },
    changed() {
      remember(KEY, { on: this.on, volume: Number(this.volume), choice: this.choice });
      if (this.on) this.ring();
      else this.blocked = false;
    },
    ring() {
      return this.play(this.choice, Number(this.volume) / 100);
    },
    async probe() {
      if (this.on) await this.play("silence", 1);
    },
    async play(name, volume) {
      const audio = new Audio(this.$root.dataset[name]);
      audio.volume = Math.min(1, Math.max(0, volume));
      try {
        await audio.play();
        this.blocked = false;
      } catch (error) {
        if (error.name === "NotAllowedError") this.blocked = true;
      }
    },
  };
}
