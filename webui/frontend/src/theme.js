// Light or dark as the system says, or as chosen once in this browser.

const KEY = "theme";
const NEXT = { "": "dark", dark: "light", light: "" };

function use(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

export function setUp() {
  try {
    use(localStorage.getItem(KEY) ?? "");
  } catch { /* not remembered */ }
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-next]")) return;
    const theme = NEXT[document.documentElement.dataset.theme ?? ""];
    use(theme);
    try {
      localStorage.setItem(KEY, theme);
    } catch { /* not remembered */ }
  });
}
