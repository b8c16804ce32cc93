"use strict";
// Draws the charts, and shows the network of the candidate that is pointed at or chosen.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const cards = new Map(data.trials.map((card) => [card.number, card]));
  const panel = document.getElementById("panel");
  const config = { displaylogo: false, responsive: true, displayModeBar: false };
  const plots = {};
  let chosen = data.selected;

  function show(number) {
    const card = cards.get(number);
    if (!panel || !card) return;
    panel.querySelector("h3").textContent = "Trial " + card.number;
    const drawing = panel.querySelector(".drawing");
    if (card.drawing) drawing.innerHTML = card.drawing;
    else drawing.textContent = "Not drawn, to keep this page small.";
    const list = panel.querySelector("dl");
    list.replaceChildren();
    for (const [label, text] of card.fields) {
      const term = document.createElement("dt");
      const detail = document.createElement("dd");
      term.textContent = label;
      detail.textContent = text;
      list.append(term, detail);
    }
    panel.querySelector(".notation").textContent = card.notation;
  }

  function coordinate(number, axis) {
    return axis < 0 ? number : cards.get(number).values[axis];
  }

  // A lone objective has nothing to choose from: it stands over the trial number.
  function axes() {
    const picked = { across: -1, up: 0 };
    for (const select of document.querySelectorAll("select[data-axis]")) picked[select.dataset.axis] = Number(select.value);
    return picked;
  }

  function mark() {
    const picked = axes();
    if (cards.has(chosen)) {
      const point = { x: [[coordinate(chosen, picked.across)]], y: [[coordinate(chosen, picked.up)]] };
      Plotly.restyle(plots.front, point, [plots.front.data.length - 1]);
    }
    for (const row of document.querySelectorAll("tr[data-trial]")) {
      row.classList.toggle("chosen", Number(row.dataset.trial) === chosen);
    }
  }

  function choose(number) {
    if (!cards.has(number)) return;
    chosen = number;
    show(number);
    mark();
  }

  function redraw() {
    const picked = axes();
    const chart = plots.front;
    const groups = chart.data.map((trace, index) => index).filter((index) => chart.data[index].customdata);
    const along = (axis) => groups.map((index) => chart.data[index].customdata.map((n) => coordinate(n, axis)));
    const outline = chart.data.length - 2;
    const asDrawn = picked.across === drawn.across && picked.up === drawn.up;
    Plotly.restyle(chart, { x: along(picked.across), y: along(picked.up) }, groups);
    Plotly.restyle(chart, { visible: asDrawn }, [outline]);
    const change = {};
    for (const [key, axis] of [["xaxis", picked.across], ["yaxis", picked.up]]) {
      const look = axis < 0 ? data.number_axis : data.axes[axis];
      change[key + ".title.text"] = look.title.text;
      change[key + ".type"] = look.type;
      change[key + ".dtick"] = look.dtick;
      change[key + ".autorange"] = true;
    }
    Plotly.relayout(chart, change);
    mark();
  }

  function follow(chart) {
    const numberOf = (event) => event.points[0].customdata;
    chart.on("plotly_hover", (event) => show(numberOf(event)));
    chart.on("plotly_unhover", () => show(chosen));
    chart.on("plotly_click", (event) => choose(numberOf(event)));
  }

  function sort(table, column, header) {
    const ascending = header.getAttribute("aria-sort") !== "ascending";
    const value = (row) => {
      const cell = row.cells[column];
      if (cell.dataset.value === undefined) return cell.textContent;
      return Number(cell.dataset.value);
    };
    const compare = (left, right) => {
      const [a, b] = [value(left), value(right)];
      if (typeof a === "number" && typeof b === "number") return a - b;
      return String(a).localeCompare(String(b));
    };
    const body = table.tBodies[0];
    const rows = [...body.rows].sort(compare);
    if (!ascending) rows.reverse();
    body.append(...rows);
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", ascending ? "ascending" : "descending");
  }

  for (const element of document.querySelectorAll("[data-chart]")) {
    const figure = data.charts[element.dataset.chart];
    plots[element.dataset.chart] = element;
    Plotly.newPlot(element, figure.data, figure.layout, config);
    if (figure.data.some((trace) => trace.customdata)) follow(element);
  }
  const drawn = axes();
  for (const select of document.querySelectorAll("select[data-axis]")) select.addEventListener("change", redraw);
  for (const row of document.querySelectorAll("tr[data-trial]")) {
    row.addEventListener("click", () => choose(Number(row.dataset.trial)));
  }
  for (const table of document.querySelectorAll("table.sortable")) {
    [...table.tHead.rows[0].cells].forEach((header, column) => {
      header.addEventListener("click", () => sort(table, column, header));
    });
  }
  if (chosen !== null) choose(chosen);

  // Charts are drawn for the screen's width; paper is narrower.
  const paper = 680;
  window.addEventListener("beforeprint", () => {
    for (const chart of Object.values(plots)) Plotly.relayout(chart, { autosize: false, width: paper });
  });
  window.addEventListener("afterprint", () => {
    for (const chart of Object.values(plots)) Plotly.relayout(chart, { autosize: true, width: null });
  });
})();
