"use strict";
const one = (query) => document.querySelector(query);
const all = (query) => Array.from(document.querySelectorAll(query));
const picker = one("#reference");
if (picker) picker.addEventListener("change", () => all("img.map").forEach((image) => { image.hidden = image.dataset.reference !== picker.value; }));
// A page that was saved alone has no photographs beside it; what is shown then is the small one below.
const gone = (photo) => { photo.hidden = true; };
all("img.photo").forEach((photo) => {
  photo.addEventListener("error", () => gone(photo));
  if (photo.complete && photo.currentSrc && !photo.naturalWidth) gone(photo);
});
const maps = one("#maps");
if (maps) maps.addEventListener("change", () => document.body.classList.toggle("nomaps", !maps.checked));
const search = one("#search");
const families = all(".family").map((family) => {
  const count = family.querySelector(".count");
  return { family, cards: Array.from(family.querySelectorAll(".card")), count, whole: count.textContent, opened: family.open };
});
if (search) search.addEventListener("input", () => {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  families.forEach(({ family, cards, count, whole, opened }) => {
    let own = 0;
    cards.forEach((card) => {
      card.hidden = !words.every((word) => card.dataset.words.includes(word));
      own += card.hidden ? 0 : 1;
    });
    family.hidden = !own;
    family.open = words.length ? own > 0 : opened;
    count.textContent = words.length ? `${own} of ${whole}` : whole;
    shown += own;
  });
  one("#found").textContent = `${shown.toLocaleString("en")} species`;
});
