"""An answer on disk: the picture, and everything of it as JSON."""

from pathlib import Path

from finercam_core.diagnosis.answer import Diagnosis
from finercam_core.diagnosis.findings import PairAnswer
from finercam_core.diagnosis.picture import draw_answer
from finercam_core.diagnosis.records.coco import coco_regions
from finercam_core.diagnosis.records.statements import Json, linked, measurements, record, statements
from finercam_core.diagnosis.sentences import five_lines
from finercam_core.evaluate.tables import write_json
from finercam_core.review.qualities import named_qualities


def answer_stem(a: str, b: str) -> str:
    """File name of a pair's answer, without ending."""
    return "--vs--".join("".join(c if c.isalnum() or c in "-_" else "_" for c in name) for name in (a, b))


def write_answer(diagnosis: Diagnosis, answer: PairAnswer, folder: Path) -> tuple[list[str], Json, Path]:
    """Write the picture (PNG), the answer (JSON), its linked form (JSON-LD) and where the findings lie (COCO).

    Returns
    -------
    list of str
        The five lines.
    dict
        The JSON record.
    Path
        The picture.
    """
    stem = folder / answer_stem(answer.a, answer.b)
    picture = stem.with_name(f"{stem.name}.png")
    draw_answer(diagnosis, answer, picture)
    named = named_qualities(diagnosis.store.location, answer.a, answer.b)
    content: Json = {
        **record(answer), "statements": statements(answer, named), "measurements": measurements(answer),
    }  # fmt: skip
    write_json(stem.with_name(f"{stem.name}.json"), content)
    write_json(stem.with_name(f"{stem.name}.jsonld"), linked(answer, named))
    ids = [image_id for name in (answer.a, answer.b) for image_id in diagnosis.places(name).image_ids]
    write_json(stem.with_name(f"{stem.name}.coco.json"), coco_regions(diagnosis.store, answer, ids))
    return five_lines(answer, str(picture)), content, picture
