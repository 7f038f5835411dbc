"use strict";
const one = (query) => document.querySelector(query);
const all = (query) => Array.from(document.querySelectorAll(query));
const picker = one("#reference");
if (picker) picker.addEventListener("change", () => all("img.map").forEach((image) => { image.hidden = image.dataset.reference !== picker.value; }));
const maps = one("#maps");
if (maps) maps.addEventListener("change", () => document.body.classList.toggle("nomaps", !maps.checked));
const search = one("#search");
if (search) search.addEventListener("input", () => {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  all(".cards .card").forEach((card) => {
    card.hidden = !words.every((word) => card.dataset.words.includes(word));
    shown += card.hidden ? 0 : 1;
  });
  one("#found").textContent = `${shown} species`;
});
