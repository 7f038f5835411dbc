/** What an adjudicator decides between: each verdict in words, its regions outlined on the picture, and a way to take them. */

import { element } from "../controls";
import { outline } from "../drawing/region";
import type { ReviewWords } from "../words/review_words";
import type { Desk } from "./desk";
import { button, type Panel } from "./panels";
import { fillRuns } from "./runs";
import type { Stage } from "./stage";
import type { OpinionFacts } from "./types";

const SVG = "http://www.w3.org/2000/svg";
// Okabe and Ito's colours that stand out on the heat, each with dashes of its own, so that no colour need be told apart.
const LINES = [["#009e73", ""], ["#cc79a7", "9 5"], ["#56b4e9", "2 5"], ["#000000", "14 4 2 4"]] as const;

/** Shown only where there is something to decide. */
export function decidingPanel(words: ReviewWords, stage: Stage, desk: () => Desk): Panel {
  const list = element("ul", { class: "region-list", id: "opinions" });
  const box = element("section", { class: "desk-part", "aria-label": words.deciding }, element("h2", {}, words.deciding), list);
  const take = ({ regions }: OpinionFacts) => desk().changed(desk().marking.change((own) => own.take(regions)));
  let listed: readonly OpinionFacts[] | null = null;
  return {
    box,
    show: ({ marking: { opinions, regions } }) => {
      box.hidden = !opinions.length;
      if (opinions === listed) return;
      listed = opinions;
      list.replaceChildren(...opinions.map((opinion, at) => row(opinion, at, words, () => take(opinion))));
      stage.outlines.setAttribute("viewBox", `0 0 ${regions.width} ${regions.height}`);
      stage.outlines.replaceChildren(...opinions.map((opinion, at) => outlined(opinion, at, regions.width, regions.height)));
    },
  };
}

function row(opinion: OpinionFacts, at: number, words: ReviewWords, take: () => void): HTMLElement {
  const { reviewer, decision, note, regions } = opinion;
  const said = { accept: words.accepted, reject: words.rejected, unsure: words.unsure.toLowerCase(), "": words.none }[decision];
  const text = [`${reviewer}: ${said}`, ...(regions.length ? [] : [words.noRegion]), ...(note ? [`“${note}”`] : [])].join(", ");
  const taking = button(words.take, take, { "aria-label": `${words.take}: ${reviewer}` });
  taking.disabled = !regions.length;
  return element("li", {}, ...(regions.length ? [sample(at)] : []), `${text} `, taking);
}

/** A piece of the line that a verdict's regions are outlined with. */
function sample(at: number): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "line");
  svg.setAttribute("viewBox", "0 0 40 8");
  svg.setAttribute("aria-hidden", "true");
  svg.append(line("M0 4L40 4", at));
  return svg;
}

function outlined({ regions }: OpinionFacts, at: number, width: number, height: number): SVGElement {
  const labels = new Uint8Array(width * height);
  for (const { shown } of regions) fillRuns(shown, 1, labels, width, height);
  return line(outline(labels, width, height), at);
}

function line(path: string, at: number): SVGElement {
  const [stroke, dashes] = LINES[at % LINES.length] as (typeof LINES)[number];
  const made = document.createElementNS(SVG, "path");
  made.setAttribute("d", path);
  made.setAttribute("stroke", stroke);
  if (dashes) made.setAttribute("stroke-dasharray", dashes);
  return made;
}
