/** The words of the review in four languages; names of species, traits and reviewers stay as they are. */

const ENGLISH = {
  review: "Review", accept: "Accept", reject: "Reject", unsure: "Unsure", undo: "Undo", redo: "Redo", next: "Next", back: "Back",
  note: "Note", others: "Other reviewers", none: "not reviewed", accepted: "accepted", rejected: "rejected", edited: "edited since",
  look: "Look", paint: "Paint", erase: "Erase", polygon: "Polygon", brush: "Brush", tools: "Tool", zoomIn: "Zoom in", zoomOut: "Zoom out",
  regions: "Regions", newRegion: "New region", divide: "Divide", remove: "Remove", follow: "Back to the threshold", trait: "Trait",
  noTrait: "no trait", follows: "follows the threshold", byHand: "by hand", share: "Share of the pixels", heat: "Heat map",
  queue: "Queue", search: "Search", taxon: "Taxon", only: "Show", order: "Order", all: "all", of: "of", judged: "judged",
  keys: "Keys", close: "Close", reviewer: "Your name", begin: "Begin", save: "Save the verdicts as a file",
  kept: "Without a server, verdicts stay in this browser. Save them as a file for: finercam review import",
  certain: "The classifier is {} % sure of it", takes: "and takes it for", verdict: "Verdict", comparison: "Comparison",
  saving: "Saving …", saved: "Saved.", away: "Not saved yet: the server does not answer. It is tried again every second.",
  end: "The queue ends here.", start: "This is the first specimen of the queue.", nothing: "No specimen fits.",
  nothingToUndo: "There is nothing to undo.", noPhotograph: "Without its photograph no region can be accepted.", refused: "Not kept",
  link: "This page needs the link that `finercam review --web` prints.", atlas: "Atlas", elsewhere: "only in napari",
  deciding: "Yours to decide", take: "Take this region", noRegion: "no region",
} as const;
export type ReviewWords = Readonly<Record<keyof typeof ENGLISH, string>>;

const GERMAN: ReviewWords = {
  review: "Begutachten", accept: "Annehmen", reject: "Ablehnen", unsure: "Unsicher", undo: "Rückgängig", redo: "Wiederholen",
  next: "Weiter", back: "Zurück", note: "Notiz", others: "Andere Gutachter", none: "nicht begutachtet", accepted: "angenommen",
  rejected: "abgelehnt", edited: "geändert seit:", look: "Ansehen", paint: "Malen", erase: "Radieren", polygon: "Vieleck",
  brush: "Pinsel", tools: "Werkzeug", zoomIn: "Hineinzoomen", zoomOut: "Herauszoomen", regions: "Bereiche", newRegion: "Neuer Bereich",
  divide: "Teilen", remove: "Entfernen", follow: "Zurück zur Schwelle", trait: "Merkmal", noTrait: "kein Merkmal",
  follows: "folgt der Schwelle", byHand: "von Hand", share: "Anteil der Bildpunkte", heat: "Wärmebild", queue: "Reihe",
  search: "Suche", taxon: "Taxon", only: "Zeigen", order: "Reihenfolge", all: "alle", of: "von", judged: "begutachtet", keys: "Tasten",
  close: "Schließen", reviewer: "Ihr Name", begin: "Beginnen", save: "Urteile als Datei sichern",
  kept: "Ohne Server bleiben Urteile in diesem Browser. Als Datei sichern für: finercam review import",
  certain: "Der Klassifikator ist sich zu {} % sicher", takes: "und hält es für", verdict: "Urteil", comparison: "Vergleich",
  saving: "Wird gesichert …", saved: "Gesichert.", away: "Noch nicht gesichert: Der Server antwortet nicht. Es wird jede Sekunde wieder versucht.",
  end: "Die Reihe endet hier.", start: "Das ist das erste Exemplar der Reihe.", nothing: "Kein Exemplar passt.",
  nothingToUndo: "Es gibt nichts rückgängig zu machen.", noPhotograph: "Ohne Fotografie kann kein Bereich angenommen werden.",
  refused: "Nicht gesichert", link: "Diese Seite braucht den Link, den `finercam review --web` ausgibt.", atlas: "Atlas", elsewhere: "nur in napari",
  deciding: "Zu entscheiden", take: "Diesen Bereich nehmen", noRegion: "kein Bereich",
};
const SPANISH: ReviewWords = {
  review: "Revisar", accept: "Aceptar", reject: "Rechazar", unsure: "Dudoso", undo: "Deshacer", redo: "Rehacer", next: "Siguiente",
  back: "Anterior", note: "Nota", others: "Otros revisores", none: "sin revisar", accepted: "aceptado", rejected: "rechazado",
  edited: "cambiado desde:", look: "Mirar", paint: "Pintar", erase: "Borrar", polygon: "Polígono", brush: "Pincel",
  tools: "Herramienta", zoomIn: "Acercar", zoomOut: "Alejar", regions: "Regiones", newRegion: "Nueva región",
  divide: "Dividir", remove: "Quitar", follow: "Volver al umbral", trait: "Rasgo", noTrait: "sin rasgo", follows: "sigue el umbral",
  byHand: "a mano", share: "Parte de los píxeles", heat: "Mapa de calor", queue: "Cola", search: "Buscar", taxon: "Taxón",
  only: "Mostrar", order: "Orden", all: "todos", of: "de", judged: "revisados", keys: "Teclas", close: "Cerrar", reviewer: "Su nombre",
  begin: "Empezar", save: "Guardar los veredictos en un archivo",
  kept: "Sin servidor, los veredictos quedan en este navegador. Guárdelos en un archivo para: finercam review import",
  certain: "El clasificador está {} % seguro", takes: "y lo toma por", verdict: "Veredicto", comparison: "Comparación",
  saving: "Guardando …", saved: "Guardado.", away: "Aún sin guardar: el servidor no responde. Se intenta de nuevo cada segundo.",
  end: "La cola termina aquí.", start: "Este es el primer ejemplar de la cola.", nothing: "Ningún ejemplar corresponde.",
  nothingToUndo: "No hay nada que deshacer.", noPhotograph: "Sin su fotografía no se puede aceptar ninguna región.",
  refused: "No guardado", link: "Esta página necesita el enlace que imprime `finercam review --web`.", atlas: "Atlas", elsewhere: "solo en napari",
  deciding: "Por decidir", take: "Tomar esta región", noRegion: "ninguna región",
};
const PORTUGUESE: ReviewWords = {
  review: "Revisar", accept: "Aceitar", reject: "Rejeitar", unsure: "Incerto", undo: "Desfazer", redo: "Refazer", next: "Próximo",
  back: "Anterior", note: "Nota", others: "Outros revisores", none: "não revisado", accepted: "aceito", rejected: "rejeitado",
  edited: "alterado desde:", look: "Olhar", paint: "Pintar", erase: "Apagar", polygon: "Polígono", brush: "Pincel",
  tools: "Ferramenta", zoomIn: "Aproximar", zoomOut: "Afastar", regions: "Regiões", newRegion: "Nova região", divide: "Dividir",
  remove: "Remover", follow: "Voltar ao limiar", trait: "Caráter", noTrait: "sem caráter", follows: "segue o limiar", byHand: "à mão",
  share: "Parte dos pixels", heat: "Mapa de calor", queue: "Fila", search: "Buscar", taxon: "Táxon", only: "Mostrar", order: "Ordem",
  all: "todos", of: "de", judged: "revisados", keys: "Teclas", close: "Fechar", reviewer: "Seu nome", begin: "Começar",
  save: "Salvar os vereditos em um arquivo",
  kept: "Sem servidor, os vereditos ficam neste navegador. Salve-os em um arquivo para: finercam review import",
  certain: "O classificador tem {} % de certeza", takes: "e o toma por", verdict: "Veredito", comparison: "Comparação",
  saving: "Salvando …", saved: "Salvo.", away: "Ainda não salvo: o servidor não responde. Tenta-se de novo a cada segundo.",
  end: "A fila termina aqui.", start: "Este é o primeiro exemplar da fila.", nothing: "Nenhum exemplar corresponde.",
  nothingToUndo: "Não há nada a desfazer.", noPhotograph: "Sem a fotografia nenhuma região pode ser aceita.", refused: "Não salvo",
  link: "Esta página precisa do link que `finercam review --web` imprime.", atlas: "Atlas", elsewhere: "só no napari",
  deciding: "A decidir", take: "Usar esta região", noRegion: "nenhuma região",
};
const BY_LANGUAGE: Readonly<Record<string, ReviewWords>> = { en: ENGLISH, de: GERMAN, es: SPANISH, pt: PORTUGUESE };

/** Words of a language of the interface. */
export function reviewWords(language: string): ReviewWords {
  return BY_LANGUAGE[language] ?? ENGLISH;
}
