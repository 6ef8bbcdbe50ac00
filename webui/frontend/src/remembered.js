// What is remembered in this browser. A browser that forbids it gets the defaults each time.

export function recall(key, defaults) {
  try {
    const found = { ...defaults, ...JSON.parse(localStorage.getItem(key)) };
    const fits = (name) => typeof found[name] === typeof defaults[name];
    return Object.keys(defaults).every(fits) ? found : { ...defaults };
  } catch {
    return { ...defaults };
  }
}

export function remember(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch { /* not remembered */ }
}
