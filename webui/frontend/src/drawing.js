// Charts from tables: `figure[data-chart]` holds a canvas and a table. A column's color, dashes and
// points are those of its sample in the legend, so that light and dark need no second palette.
import {
  BarController, BarElement, CategoryScale, Chart, LinearScale, LineController, LineElement,
  PointElement, Tooltip,
} from "chart.js";

Chart.register(
  BarController, BarElement, CategoryScale, LinearScale, LineController, LineElement,
  PointElement, Tooltip,
);

const UNITS = {
  jobs: (value) => value.toLocaleString("en-US"),
  usd: (value) => value.toLocaleString("en-US", {
    style: "currency", currency: "USD", minimumFractionDigits: 0, maximumFractionDigits: 2,
  }),
};
const MOST_POINTS = 45; // beyond that the points of a line run together

export function drawAll(root) {
  const figures = [...root.querySelectorAll("figure[data-chart]")];
  figures.forEach(draw);
  const again = () => figures.forEach(draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  new MutationObserver(again).observe(document.documentElement, { attributeFilter: ["data-theme"] });
}

function draw(figure) {
  const canvas = figure.querySelector("canvas");
  Chart.getChart(canvas)?.destroy();
  const said = read(figure.querySelector("table"));
  const samples = [...figure.querySelectorAll("[data-tone]")];
  const kind = figure.dataset.chart;
  const look = kind === "line" ? lineOf : barOf;
  const font = { family: getComputedStyle(figure).fontFamily, size: 12 };
  new Chart(canvas, {
    type: kind,
    data: {
      labels: said.labels,
      datasets: said.columns.map((column, place) => (
        { ...column, ...look(samples[place], said.labels.length) }
      )),
    },
    options: {
      animation: false, // figures are there at once; nobody has to ask for less motion
      maintainAspectRatio: false,
      interaction: { mode: "index", intersect: false },
      layout: { padding: { top: 6 } },
      scales: scales(figure, font),
      plugins: { tooltip: tooltip(figure, font, said) },
    },
  });
}

function read(table) {
  const headings = [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.textContent);
  const rows = [...table.tBodies[0].rows];
  return {
    labels: rows.map((row) => row.cells[0].textContent),
    words: rows.map((row) => [...row.cells].slice(1).map((cell) => cell.textContent)),
    columns: headings.map((label, place) => ({
      label, data: rows.map((row) => Number(row.cells[place + 1].dataset.value)),
    })),
  };
}

function lineOf(sample, length) {
  const { color } = getComputedStyle(sample);
  return {
    borderColor: color,
    backgroundColor: color,
    borderWidth: 2,
    borderDash: sample.dataset.dash ? sample.dataset.dash.split(" ").map(Number) : [],
    pointStyle: sample.dataset.point,
    pointRadius: length > MOST_POINTS ? 0 : 3.5,
    pointHoverRadius: 5.5,
    cubicInterpolationMode: "monotone",
    clip: false,
  };
}

function barOf(sample) {
  const { color } = getComputedStyle(sample);
  return { backgroundColor: color, borderRadius: 3, maxBarThickness: 44 };
}

function scales(figure, font) {
  const ticks = { color: token("soft", figure), font };
  return {
    x: {
      border: { color: token("edge", figure) }, grid: { display: false },
      ticks: { ...ticks, maxRotation: 0, autoSkipPadding: 20 },
    },
    y: {
      beginAtZero: true, border: { display: false },
      grid: { color: token("line", figure), drawTicks: false },
      ticks: {
        ...ticks, maxTicksLimit: 5, precision: 0, padding: 8, callback: UNITS[figure.dataset.unit],
      },
    },
  };
}

function tooltip(figure, font, said) {
  const ink = token("ink", figure);
  return {
    backgroundColor: token("raised", figure), borderColor: token("edge", figure), borderWidth: 1,
    titleColor: ink, bodyColor: ink, titleFont: font, bodyFont: font,
    padding: 10, cornerRadius: 9, boxPadding: 4, usePointStyle: true,
    displayColors: figure.dataset.chart === "line",
    callbacks: { label: (at) => ` ${at.dataset.label}: ${said.words[at.dataIndex][at.datasetIndex]}` },
  };
}

// What a token of app.css comes to as the page stands now: light-dark() is resolved on an element.
function token(name, near) {
  const probe = document.createElement("span");
  probe.style.color = `var(--color-${name})`;
  near.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
