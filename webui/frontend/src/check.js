// What is wrong with a field, by the rules and in the words that the server checks with. They come
// with the page; what only the server can know, it says when the form arrives.

const COMPLETE_ADDRESS = /^[^\s@]+@[^\s@]+\.[^\s@.]+$/u;

export function lineFault(value, rule) {
  const text = value.replace(/\s+/gu, " ").trim();
  const length = [...text].length;
  if (length < rule.at_least) return rule.empty;
  if (length > rule.at_most) return rule.too_long;
  return rule.wrong && !COMPLETE_ADDRESS.test(text) ? rule.wrong : "";
}

export const isTooLong = (value, rule) => lineFault(value, rule) === rule.too_long;

export function fileFault(file, rule) {
  if (!file) return rule.empty;
  if (!rule.suffixes.includes(suffixOf(file.name))) return rule.kind;
  if (file.size === 0) return rule.hollow;
  return file.size > rule.limit ? rule.large : "";
}

function suffixOf(name) {
  const folded = name.toLowerCase();
  if (folded.endsWith(".gcode.3mf")) return ".gcode.3mf"; // sliced already: not a model
  const dot = folded.lastIndexOf(".");
  return dot > 0 ? folded.slice(dot) : "";
}
