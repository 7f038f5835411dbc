"""Masks as tasks that Label Studio imports, with the configuration of its labels."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

import numpy as np

from finercam_core.export.formats.mask_writer import DISCRIMINATIVE, MaskWriter, label_of, region_id
from finercam_core.export.formats.png import UNNAMED
from finercam_core.export.mask_records import MaskRecord
from finercam_core.images.palette import label_colour
from finercam_core.io.addresses import is_web
from finercam_core.io.atomic import complete_or_absent, write_whole
from finercam_core.regions.outline import Mask
from finercam_core.regions.traits import offered_traits
from finercam_core.store import Store

TASKS, LABELS = "tasks.json", "labels.xml"
_LONGEST = 1 << 16
# Letters that XML 1.0 cannot hold in any way: https://www.w3.org/TR/xml/#charsets
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(text: str) -> str:
    """A text as XML can hold it: with a replacement character for what it cannot."""
    return _NO_XML.sub("\ufffd", text)


def brush(mask: Mask) -> list[int]:
    """A mask as Label Studio's brush: run lengths of RGBA bytes, packed bit by bit.

    The words are 32 bits of the number of values, 5 of the bits a value has less one, and four times 4 of the bits a
    length may have less one; then for each run a 1, two bits that choose among the four, the length less one and the
    value. (K. Schmidt, rle-pack, thi.ng/umbrella, 2016; Label Studio's brush has four values a pixel.)

    Parameters
    ----------
    mask : bool array (height, width)
    """
    flat = mask.ravel()
    starts = np.flatnonzero(np.r_[True, flat[1:] != flat[:-1]]) if flat.size else np.zeros(0, np.intp)
    lengths = 4 * np.diff(np.r_[starts, flat.size])
    bits = [f"{4 * flat.size:032b}", f"{8 - 1:05b}", *(f"{size - 1:04b}" for size in (3, 4, 8, 16))]
    for start, length in zip(starts.tolist(), lengths.tolist(), strict=True):
        value = f"{255 * int(flat[start]):08b}"
        bits += [f"111{run - 1:016b}{value}" for run in _pieces(length)]
    packed = "".join(bits)
    packed += "0" * (-len(packed) % 8)
    return list(int(packed, 2).to_bytes(len(packed) // 8))


def _pieces(length: int) -> Iterator[int]:
    for _ in range(length // _LONGEST):
        yield _LONGEST
    if length % _LONGEST:
        yield length % _LONGEST


class LabelStudioWriter(MaskWriter):
    """Streams ``tasks.json``, one task for each specimen, and writes ``labels.xml``.

    What reviewers accepted are annotations, one for each reviewer; what nobody has reviewed are predictions.
    """

    files = (TASKS, LABELS)

    def __init__(self, folder: Path, store: Store) -> None:
        super().__init__(folder, store)
        self.colours = {trait.name: trait.id for trait in offered_traits(store)} | {DISCRIMINATIVE: UNNAMED}
        self._tasks = 0
        self._stack = ExitStack()
        self._file: IO[str]

    def __enter__(self) -> Self:
        self._file = self._stack.enter_context(complete_or_absent(self.folder / TASKS))
        self._file.write("[")
        return self

    def add(self, records: Sequence[MaskRecord]) -> None:
        """See `MaskWriter.add`."""
        first = records[0]
        # Label Studio serves files of its own machine below this address, from the folder that it is told.
        image = first.place if is_web(first.place) else f"/data/local-files/?d={quote(first.place)}"
        shown = {"image": image, "image_id": first.image_id, "scientificName": first.about.scientificName}
        by_reviewer = groupby(records, key=lambda record: record.about.reviewer)
        judged = [self._judgement(reviewer, list(parts)) for reviewer, parts in by_reviewer]
        kind = "annotations" if first.about.reviewer else "predictions"
        task = {"data": shown, "meta": {"run": first.about.run, "place": first.place}, kind: judged}
        self._file.write((",\n" if self._tasks else "\n") + json.dumps(task, ensure_ascii=False))
        self._tasks += 1
        self.count += len(records)

    def _judgement(self, reviewer: str | None, records: Sequence[MaskRecord]) -> dict[str, object]:
        results = [self._result(record) for record in records]
        about: dict[str, object] = {"result": results}
        return {**about, "model_version": records[0].about.run} if reviewer is None else about

    def _result(self, record: MaskRecord) -> dict[str, object]:
        height, width = record.mask.shape
        label = xml_text(label_of(record))
        self.colours.setdefault(label, UNNAMED)
        return {
            "id": region_id(record), "type": "brushlabels", "from_name": "region", "to_name": "image",
            "original_width": width, "original_height": height, "image_rotation": 0,
            "value": {"format": "rle", "rle": brush(record.mask), "brushlabels": [label]},
            "meta": {"text": [f"{key}: {value}" for key, value in record.about.to_cells().items()]},
        }  # fmt: skip

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, t: TracebackType | None) -> None:
        self._file.write("\n]\n")
        self._stack.__exit__(kind, error, t)
        if kind is None:
            write_whole(self.folder / LABELS, self._configuration())

    def _configuration(self) -> str:
        """What Label Studio's "Labeling Interface" takes as code."""
        labels = [
            f"    <Label value={quoteattr(xml_text(name))} background={quoteattr(_hex(value))}/>"
            for name, value in self.colours.items()
        ]
        head = ["<View>", '  <Image name="image" value="$image" zoom="true"/>', '  <Header value="$scientificName"/>']
        brushes = ['  <BrushLabels name="region" toName="image">', *labels, "  </BrushLabels>", "</View>"]
        return "\n".join([*head, *brushes]) + "\n"


def _hex(value: int) -> str:
    return f"#{bytes(label_colour(value)).hex()}"
