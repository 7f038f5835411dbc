/** The interface's words in four languages; names of species and what the atlas says stay as they are. */

import type { AboveBaseline } from "../baselines";

const ENGLISH = {
  strength: "Strength of the comparison γ",
  references: "Compared with",
  weighting: "References weigh",
  mean: "equally",
  softmax: "by their scores",
  released: "as in the authors' code",
  signed: "Both signs",
  region: "Outline the strongest",
  none: "no outline",
  shown: "Show the maps",
  link: "Copy a link to this view",
  copied: "Copied",
  enlarge: "Enlarge",
  close: "Close",
  save: "Save",
  unread: "The live map is unavailable",
  local: "Opened from a disk, the maps are as they were printed. To move γ, open the atlas through a web server: python -m http.server",
  unfinished: "This specimen has no map",
  nothing: "the map shows nothing",
  strongest: "strongest at the",
  atPart: "strongest at the {}",
  holds: "of the evidence lies in the outline",
  noReference: "No reference ticked: the map is that of the species alone",
  finished: "These maps are finished comparisons: γ is fixed",
  meanSpecimen: "Mean specimen of both species with the pooled difference",
  above: "Map", "above none": "as it is", "above mean": "above its own mean", "above look-alike": "above the look-alikes’ specimens",
  "above both": "above both", "above quantile": "above its 90 % quantile", "above sharp": "above look-alikes, then quantile",
  noBackground: "no background of {} is known here", alone: "one species alone has no look-alike", plainPooled: "the mean specimen is shown without a baseline",
  top: "top", middle: "middle", bottom: "bottom", left: "left", centre: "centre", right: "right",
} as const;

export type Words = Readonly<Record<keyof typeof ENGLISH, string>>;

const GERMAN: Words = {
  strength: "Stärke des Vergleichs γ", references: "Verglichen mit", weighting: "Vergleichsarten zählen",
  mean: "gleich", softmax: "nach ihrer Bewertung", released: "wie im Programm der Autoren", signed: "Beide Vorzeichen",
  region: "Umriss um die stärksten", none: "kein Umriss", shown: "Karten zeigen", link: "Link zu dieser Ansicht kopieren",
  copied: "Kopiert", enlarge: "Vergrößern", close: "Schließen", save: "Speichern", unread: "Die bewegliche Karte ist nicht verfügbar",
  local: "Vom Datenträger geöffnet bleiben die Karten, wie sie gedruckt sind. Um γ zu ändern, den Atlas über einen Webserver öffnen: python -m http.server",
  unfinished: "Dieses Exemplar hat keine Karte", nothing: "die Karte zeigt nichts", strongest: "am stärksten", atPart: "am stärksten bei: {}",
  holds: "der Evidenz liegen im Umriss", noReference: "Keine Vergleichsart gewählt: Die Karte ist die der Art allein",
  finished: "Diese Karten sind fertige Vergleiche: γ steht fest",
  meanSpecimen: "Mittleres Exemplar beider Arten mit dem gemeinsamen Unterschied",
  above: "Karte", "above none": "wie sie ist", "above mean": "über ihrem eigenen Mittel", "above look-alike": "über den Exemplaren der Vergleichsarten",
  "above both": "über beidem", "above quantile": "über ihrem 90-%-Quantil", "above sharp": "über den Vergleichsarten, dann dem Quantil",
  noBackground: "ein Hintergrund von {} ist hier nicht bekannt", alone: "eine Art allein hat keine Vergleichsart", plainPooled: "das mittlere Exemplar ist ohne Grundlinie gezeigt",
  top: "oben", middle: "in der Mitte", bottom: "unten", left: "links", centre: "mittig", right: "rechts",
};
const SPANISH: Words = {
  strength: "Fuerza de la comparación γ", references: "Comparada con", weighting: "Las referencias pesan",
  mean: "por igual", softmax: "según su puntuación", released: "como en el código de los autores", signed: "Ambos signos",
  region: "Contornear lo más fuerte", none: "sin contorno", shown: "Mostrar los mapas", link: "Copiar un enlace a esta vista",
  copied: "Copiado", enlarge: "Ampliar", close: "Cerrar", save: "Guardar", unread: "El mapa interactivo no está disponible",
  local: "Abierto desde un disco, los mapas quedan como se imprimieron. Para mover γ, abra el atlas con un servidor web: python -m http.server",
  unfinished: "Este ejemplar no tiene mapa", nothing: "el mapa no muestra nada", strongest: "más fuerte", atPart: "más fuerte en: {}",
  holds: "de la evidencia está en el contorno", noReference: "Ninguna referencia marcada: el mapa es el de la especie sola",
  finished: "Estos mapas son comparaciones terminadas: γ es fijo",
  meanSpecimen: "Ejemplar medio de ambas especies con la diferencia conjunta",
  above: "Mapa", "above none": "tal cual", "above mean": "sobre su propia media", "above look-alike": "sobre los ejemplares de las referencias",
  "above both": "sobre ambas", "above quantile": "sobre su cuantil del 90 %", "above sharp": "sobre las referencias y luego el cuantil",
  noBackground: "aquí no se conoce el fondo de {}", alone: "una especie sola no tiene referencia", plainPooled: "el ejemplar medio se muestra sin línea de base",
  top: "arriba", middle: "a media altura", bottom: "abajo", left: "a la izquierda", centre: "en el centro", right: "a la derecha",
};
const PORTUGUESE: Words = {
  strength: "Força da comparação γ", references: "Comparada com", weighting: "As referências pesam",
  mean: "por igual", softmax: "conforme a pontuação", released: "como no código dos autores", signed: "Ambos os sinais",
  region: "Contornar o mais forte", none: "sem contorno", shown: "Mostrar os mapas", link: "Copiar um link para esta vista",
  copied: "Copiado", enlarge: "Ampliar", close: "Fechar", save: "Salvar", unread: "O mapa interativo não está disponível",
  local: "Aberto de um disco, os mapas ficam como foram impressos. Para mudar γ, abra o atlas por um servidor web: python -m http.server",
  unfinished: "Este exemplar não tem mapa", nothing: "o mapa não mostra nada", strongest: "mais forte", atPart: "mais forte em: {}",
  holds: "da evidência está no contorno", noReference: "Nenhuma referência marcada: o mapa é o da espécie sozinha",
  finished: "Estes mapas são comparações terminadas: γ é fixo",
  meanSpecimen: "Exemplar médio de ambas as espécies com a diferença conjunta",
  above: "Mapa", "above none": "como está", "above mean": "acima da própria média", "above look-alike": "acima dos exemplares das referências",
  "above both": "acima de ambos", "above quantile": "acima do seu quantil de 90 %", "above sharp": "acima das referências e depois do quantil",
  noBackground: "aqui não se conhece o fundo de {}", alone: "uma espécie sozinha não tem referência", plainPooled: "o exemplar médio é mostrado sem linha de base",
  top: "em cima", middle: "a meia altura", bottom: "embaixo", left: "à esquerda", centre: "no centro", right: "à direita",
};
const BY_LANGUAGE: Readonly<Record<string, Words>> = { en: ENGLISH, de: GERMAN, es: SPANISH, pt: PORTUGUESE };

/** Words of the first of a reader's languages that there are words in, otherwise English. */
export function wordsFor(languages: readonly string[]): { language: string; words: Words } {
  const language = languages.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag in BY_LANGUAGE) ?? "en";
  return { language, words: BY_LANGUAGE[language] ?? ENGLISH };
}

/** What a map is above, and why it is not above what was asked for; "" for a plain map that was asked for. */
export function aboveInWords({ baseline, missing, mean }: AboveBaseline, words: Words): string {
  const why = missing === null ? "" : missing ? `${words.noBackground.replace("{}", () => missing)}: ` : `${words.alone}: `;
  const value = mean === null ? "" : ` (${mean.toPrecision(3)})`;
  return baseline === "none" && !why ? "" : `${why}${words[`above ${baseline}`]}${value}`;
}

/** Where a map on the model's grid is strongest, in words: the part of the specimen if that is known, and of the photograph. */
export function whereStrongest(map: Float32Array, grid: readonly [number, number], words: Words, part: (cell: number) => string = () => ""): string {
  let best = -1;
  map.forEach((value, i) => { if (value > 0 && (best < 0 || value > (map[best] as number))) best = i; });
  if (best < 0) return words.nothing;
  const row = Math.floor((3 * Math.floor(best / grid[1])) / grid[0]);
  const column = Math.floor((3 * (best % grid[1])) / grid[1]);
  const down = [words.top, words.middle, words.bottom][row];
  const across = [words.left, words.centre, words.right][column];
  const named = part(best);
  return named ? `${words.atPart.replace("{}", () => named)} (${down}, ${across})` : `${words.strongest} ${down}, ${across}`;
}
