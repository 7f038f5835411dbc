/** Keys of the review, as the page brings them: one table for napari and the browser. */

import type { KeyGroup } from "./types";

/** The table that stands in the page. */
export function readKeys(page: Document): readonly KeyGroup[] {
  const block = page.getElementById("finercam-keys");
  return block?.textContent ? (JSON.parse(block.textContent) as KeyGroup[]) : [];
}

/** A key press as the table writes it: "Shift+KeyN", "Mod+KeyZ"; by the place of the key, so that any keyboard will do. */
export function chordOf(event: Pick<KeyboardEvent, "code" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey">): string {
  if (event.altKey) return "";
  return `${event.ctrlKey || event.metaKey ? "Mod+" : ""}${event.shiftKey ? "Shift+" : ""}${event.code}`;
}

/** Commands by chord. */
export function commandsOf(groups: readonly KeyGroup[]): ReadonlyMap<string, string> {
  const keys = groups.flatMap((group) => group.keys);
  return new Map(keys.filter(({ chord, command }) => chord && command).map(({ chord, command }) => [chord, command]));
}

/** Whether an element takes letters itself, so that keys belong to it. */
export function isWriting(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !["range", "checkbox", "radio", "button"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}
