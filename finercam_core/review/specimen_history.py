"""All verdicts on one specimen: who said what, and when."""

import json
from pathlib import Path

from finercam_core.errors import ReviewError
from finercam_core.io.files import Files
from finercam_core.review.records import Verdict, verdict_from_json
from finercam_core.store.layout import REVIEWS


def verdicts_of(location: str | Path, image_id: str) -> list[Verdict]:
    """Every verdict on a specimen, also those that were replaced or retracted, in the order of their times.

    Only the lines that name the specimen are parsed, because logs hold many masks. Lines that are not verdicts are
    left out here; `VerdictReader` names them.

    Parameters
    ----------
    location : str or Path
        The store.
    image_id : str
    """
    files, found = Files(location), []
    spellings = {json.dumps(image_id, ensure_ascii=ascii_only).encode() for ascii_only in (True, False)}
    logs = [name for name in files.names(REVIEWS) if name.endswith(".jsonl")]
    for _, content in files.contents(logs):
        for line in content.split(b"\n"):
            if any(spelling in line for spelling in spellings):
                found += _verdict(line, image_id)
    return sorted(found, key=lambda verdict: verdict.time)


def _verdict(line: bytes, image_id: str) -> list[Verdict]:
    try:
        verdict = verdict_from_json(json.loads(line))
    except (ValueError, TypeError, KeyError, ReviewError):
        return []
    return [verdict] if verdict.image_id == image_id else []
