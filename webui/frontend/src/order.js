// Rows are put in the order of the new page before that is morphed in. Alpine's morph takes a row
// out and puts it in again where others come or go before it: the focus would be lost.

const ROWS = ":is(li, section)[id]";
const keyed = (parent) => [...parent.children].filter((child) => child.matches(ROWS));

export function order(from, to) {
  const parents = new Set([...to.querySelectorAll(ROWS)].map((child) => child.parentElement));
  for (const parent of parents) {
    const wanted = keyed(parent);
    const known = wanted.map(({ id }) => from.querySelector(`#${CSS.escape(id)}`)).find(Boolean);
    if (!known) continue;
    arrange(known.parentElement, wanted);
    dropBlanks(known.parentElement);
    dropBlanks(parent);
  }
}

// The morph compares place by place, and the blanks between two rows count.
function dropBlanks(parent) {
  for (const node of [...parent.childNodes])
    if (node.nodeType === Node.TEXT_NODE && !node.data.trim()) node.remove();
}

function arrange(parent, wanted) {
  const ids = new Set(wanted.map((child) => child.id));
  for (const child of keyed(parent)) if (!ids.has(child.id)) child.remove();
  const there = new Map(keyed(parent).map((child) => [child.id, child]));
  let at = keyed(parent)[0];
  let last = null;
  for (const child of wanted) {
    const mine = there.get(child.id);
    if (!mine) last = parent.insertBefore(document.importNode(child, true), at ?? last.nextSibling);
    else if (mine === at) {
      last = mine;
      at = next(mine);
    } else {
      move(parent, mine, at);
      last = mine;
    }
  }
}

function next(child) {
  do child = child.nextElementSibling;
  while (child && !child.matches(ROWS));
  return child;
}

// Where the browser can, with its focus and whatever is open in it
function move(parent, child, before) {
  if (parent.moveBefore) parent.moveBefore(child, before);
  else parent.insertBefore(child, before);
}
