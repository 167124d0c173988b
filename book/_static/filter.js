// The scorecard gets a choice for each of its columns paper, evidence and outcome.
// Without JavaScript the whole table is shown, which is right too.
document.addEventListener("DOMContentLoaded", () => {
  const place = document.getElementById("tab-scorecard");
  const table = place && (place.matches("table") ? place : place.querySelector("table"));
  if (!table) return;
  const rows = [...table.querySelectorAll("tbody tr")];
  const names = [...table.querySelectorAll("thead th")].map((cell) => cell.textContent.trim());
  const told = {
    paper: (row) => row.children[0].textContent.replace(row.querySelector("a").textContent, "").trim(),
    evidence: (row) => row.children[names.indexOf("evidence")].textContent.trim(),
    outcome: (row) => row.children[names.indexOf("outcome")].querySelector("strong").textContent.trim(),
  };
  const bar = document.createElement("div");
  bar.className = "filters";
  const count = document.createElement("span");
  count.setAttribute("role", "status");
  const choices = Object.entries(told).map(([name, read]) => {
    const label = document.createElement("label");
    const choice = document.createElement("select");
    const values = [...new Set(rows.map(read))];
    choice.append(new Option("all", ""), ...values.map((value) => new Option(value, value)));
    choice.addEventListener("change", show);
    label.append(`${name} `, choice);
    bar.append(label);
    return { read, choice };
  });
  function show() {
    let shown = 0;
    for (const row of rows) {
      row.hidden = choices.some(({ read, choice }) => choice.value && read(row) !== choice.value);
      shown += row.hidden ? 0 : 1;
    }
    count.textContent = `${shown} of ${rows.length} claims`;
  }
  bar.append(count);
  table.before(bar);
  show();
});
