/** One specimen in large, with what can be saved of it. */

import { element } from "./controls";
import { caption, saveable } from "./saving";
import type { PageFacts } from "./page";
import type { SpecimenMap } from "./specimen_map";
import type { View } from "./view";
import type { Words } from "./words/atlas_words";

/** Open a dialog with the specimen's photograph, its map as drawn, and a button for each form it can be saved in. */
export function enlarge(map: SpecimenMap, view: View, facts: PageFacts, words: Words, closed: () => void): void {
  const picture = map.flattened();
  void map.photograph?.loaded().then(() => map.flattened(picture)); // far from the screen it was not loaded yet
  picture.className = "large";
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", map.figure.querySelector("canvas.live")?.getAttribute("aria-label") ?? map.imageId);
  const close = element("button", { type: "button", class: "close" }, words.close);
  const title = element("h2", { id: "large-title" }, map.imageId);
  const buttons = saveable(map, view, facts).map(({ name, save }) => {
    const button = element("button", { type: "button" }, `${words.save} ${name}`);
    button.addEventListener("click", () => void save());
    return button;
  });
  const dialog = element("dialog", { class: "large", "aria-labelledby": "large-title" },
    title, picture, element("p", { class: "small" }, caption(map, view, facts)), element("p", { class: "tools" }, ...buttons, close));
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    closed();
  });
  document.body.append(dialog);
  dialog.showModal();
}
