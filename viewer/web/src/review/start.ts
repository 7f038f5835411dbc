/** How a review begins: on the server's page by its link, on a page of the atlas by a button at each specimen. */

import { element } from "../controls";
import type { ChunkSource } from "../evidence/evidence";
import type { PageFacts } from "../page";
import { wordsFor } from "../words/atlas_words";
import { BrowserKeeper } from "./browser_keeper";
import { openDesk } from "./desk_page";
import { readKeys } from "./keys";
import { reviewWords } from "../words/review_words";
import { ServerKeeper, takeToken } from "./server_keeper";

const NAME = "finercam-reviewer";

/** Begin the review of the server's page. */
export async function startServedReview(box: HTMLElement): Promise<void> {
  const { language, words: mapWords } = wordsFor(navigator.languages);
  const words = reviewWords(language);
  const note = element("p", { role: "status", id: "live-note" });
  box.replaceChildren(element("h1", {}, words.review), note);
  const first = new URLSearchParams(location.hash.slice(1)).get("specimen") ?? "";
  const token = takeToken();
  if (!token) {
    note.textContent = words.link;
    return;
  }
  try {
    const keeper = new ServerKeeper(token);
    const review = await keeper.session();
    document.title = `${words.review} – ${review.collection}`;
    await openDesk(box, { keeper, review, keys: readKeys(document), words, mapWords, language, first });
  } catch (error) {
    note.textContent = error instanceof Error ? error.message : String(error);
    if (!note.isConnected) box.replaceChildren(note);
  }
}

/** Put a way to the review at each specimen of a page of the atlas. */
export function putReviewing(facts: PageFacts, source: ChunkSource): void {
  const { language, words: mapWords } = wordsFor(navigator.languages);
  const words = reviewWords(language);
  const served = document.body.dataset["review"];
  for (const figure of document.querySelectorAll<HTMLElement>("figure[data-specimen]")) {
    const imageId = figure.dataset["specimen"] ?? "";
    const way = served
      ? element("a", { class: "enlarge button", href: `${served}#specimen=${encodeURIComponent(imageId)}` }, words.review)
      : element("button", { type: "button", class: "enlarge review" }, words.review);
    way.setAttribute("aria-label", `${words.review}: ${imageId}`);
    if (!served) way.addEventListener("click", () => void openBeside(imageId));
    figure.querySelector("figcaption")?.prepend(way);
  }

  async function openBeside(imageId: string): Promise<void> {
    const dialog = element("dialog", { class: "large review", "aria-label": words.review });
    const body = element("div");
    const close = element("button", { type: "button", class: "close" }, words.close);
    const status = element("p", { role: "status" });
    let end = (): void => undefined;
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => { end(); dialog.remove(); });
    dialog.append(close, status, body);
    document.body.append(dialog);
    dialog.showModal();
    try {
      const keeper = new BrowserKeeper(facts, source, await reviewerName(body));
      end = await openDesk(body, { keeper, review: await keeper.session(), keys: readKeys(document), words, mapWords, language, first: imageId });
    } catch (error) {
      status.textContent = error instanceof Error ? error.message : String(error);
    }
  }

  /** The name that stands in the verdicts; asked for once. */
  function reviewerName(body: HTMLElement): Promise<string> {
    const known = localStorage.getItem(NAME);
    if (known) return Promise.resolve(known);
    const input = element("input", { type: "text", id: "reviewer", autocomplete: "name", maxlength: "200" });
    const begin = element("button", { type: "button", id: "begin" }, words.begin);
    body.replaceChildren(element("p", { class: "tools" }, element("label", {}, `${words.reviewer} `, input), begin));
    input.focus();
    return new Promise((resolve) => {
      const go = () => {
        const name = input.value.trim();
        if (!name) return;
        localStorage.setItem(NAME, name);
        resolve(name);
      };
      begin.addEventListener("click", go);
      input.addEventListener("keydown", (event) => { if (event.key === "Enter") go(); });
    });
  }
}
