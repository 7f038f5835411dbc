/** What a desk needs of the page that shows it: a picture, a line to say things in, and the words for them. */

import type { Desk } from "./desk";

export interface DeskView {
  show(desk: Desk): void;
  regionsChanged(desk: Desk): void;
  say(sentence: string, kind: "plain" | "good" | "trouble"): void;
  collect(desk: Desk): void;
}

/** Sentences that the desk says, by name. */
export type Sentences = Readonly<Record<"saving" | "saved" | "away" | "end" | "begin" | "nothing" | "nothingToUndo" | "noPhotograph" | "refused", string>>;
