// Buttons over the parts of a picture. Their places are data, since the page's policy allows no style in the markup.
// One of them is a stop of the Tab key; the arrow keys, Home and End go on from there, as in a toolbar.
(function () {
  "use strict";

  const STEPS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

  function move(parts, event) {
    const here = parts.indexOf(event.target.closest("button"));
    const ends = { Home: 0, End: parts.length - 1 };
    const next = event.key in ends ? ends[event.key] : here + (STEPS[event.key] || 0);
    if (here < 0 || next === here || !parts[next]) return;
    event.preventDefault();
    parts[here].tabIndex = -1;
    parts[next].tabIndex = 0;
    parts[next].focus();
  }

  for (const over of document.querySelectorAll(".over")) {
    const parts = Array.from(over.children);
    for (const part of parts) {
      const [left, top, width, height] = part.dataset.at.split(" ").map((side) => `${side}%`);
      Object.assign(part.style, { left, top, width, height });
      part.tabIndex = part === parts[0] ? 0 : -1;
    }
    over.addEventListener("keydown", (event) => move(parts, event));
    over.hidden = false;
  }
})();
