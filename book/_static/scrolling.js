// What scrolls sideways (wide tables, code, equations) can be reached, and so scrolled, with the keyboard.
// Only while it does scroll: a stop at every table that fits would be in the way.
document.addEventListener("DOMContentLoaded", () => {
  const boxes = document.querySelectorAll(
    ".bd-article table.table, .bd-article pre, .bd-article div.math, .bd-article .cell_output > .output",
  );
  const mark = (box) => {
    const scrolls = box.scrollWidth > box.clientWidth && getComputedStyle(box).overflowX !== "visible";
    if (scrolls) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  };
  const watcher = new ResizeObserver((entries) => entries.forEach((entry) => mark(entry.target)));
  boxes.forEach((box) => watcher.observe(box));
  // Typesetting widens an equation inside a box that keeps its size.
  window.addEventListener("load", async () => {
    await window.MathJax?.startup?.promise;
    boxes.forEach(mark);
  });
});
