// Buttons over the parts of a picture. Their places are data, since the page's policy allows no style in the markup.
(function () {
  "use strict";

  for (const over of document.querySelectorAll(".over")) {
    for (const part of over.children) {
      const [left, top, width, height] = part.dataset.at.split(" ").map((side) => `${side}%`);
      Object.assign(part.style, { left, top, width, height });
    }
    over.hidden = false;
  }
})();
