"""Masks as CVAT's own XML ("CVAT for images 1.1"), with the labels that a task needs."""

import json
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import fields
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from finercam_core.export.formats.label_studio import xml_text
from finercam_core.export.formats.mask_writer import DISCRIMINATIVE, MaskWriter, label_of, region_id
from finercam_core.export.formats.png import UNNAMED
from finercam_core.export.mask_records import MaskDescription, MaskRecord
from finercam_core.images.palette import label_colour
from finercam_core.io.atomic import complete_or_absent, write_whole
from finercam_core.regions.outline import Mask
from finercam_core.regions.shape import region_shape
from finercam_core.regions.traits import offered_traits
from finercam_core.store import Store

FILE, LABELS = "annotations.xml", "labels.json"
SAID = ("region", *(one.name for one in fields(MaskDescription)))
"""What each mask says as its attributes."""


def run_lengths(mask: Mask) -> str:
    """A mask as CVAT's run lengths, of rows from the top, which begin with pixels outside."""
    flat = np.concatenate([[False], mask.ravel()])
    changes = np.flatnonzero(flat[1:] != flat[:-1])
    return ",".join(map(str, np.diff(np.r_[0, changes, mask.size]).tolist()))


class CvatWriter(MaskWriter):
    """Writes ``annotations.xml``, for "Upload annotations" of a task, and ``labels.json``, for its "Raw" labels.

    A region without pixels has no shape, which CVAT refuses.
    """

    files = (FILE, LABELS)

    def __init__(self, folder: Path, store: Store) -> None:
        super().__init__(folder, store)
        self.colours = {trait.name: trait.id for trait in offered_traits(store)} | {DISCRIMINATIVE: UNNAMED}
        self._images = 0
        self._stack = ExitStack()
        self._body: IO[str]

    def __enter__(self) -> Self:
        # The labels come first in the file, and are known last.
        self._body = self._stack.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8", dir=self.folder))
        return self

    def add(self, records: Sequence[MaskRecord]) -> None:
        """See `MaskWriter.add`."""
        height, width = records[0].mask.shape
        name = quoteattr(xml_text(records[0].place))
        self._body.write(f'  <image id="{self._images}" name={name} width="{width}" height="{height}">\n')
        for record in records:
            if record.mask.any():
                self._body.write(self._shape(record))
        self._body.write("  </image>\n")
        self._images += 1
        self.count += len(records)

    def _shape(self, record: MaskRecord) -> str:
        label = label_of(record)
        self.colours.setdefault(label, UNNAMED)
        left, top, width, height = region_shape(record.mask).bbox
        source = "manual" if record.about.reviewer else "auto"
        inside = record.mask[top : top + height, left : left + width]
        said = {"region": region_id(record), **record.about.to_cells()}
        attributes = "".join(
            f"      <attribute name={quoteattr(name)}>{escape(xml_text(str(said[name])))}</attribute>\n"
            for name in SAID
        )
        return (
            f'    <mask label={quoteattr(xml_text(label))} source="{source}" occluded="0" rle="{run_lengths(inside)}" '
            f'left="{left}" top="{top}" width="{width}" height="{height}" z_order="0">\n{attributes}    </mask>\n'
        )

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, t: TracebackType | None) -> None:
        if kind is None:
            self._finish()
        self._stack.__exit__(kind, error, t)

    def _finish(self) -> None:
        labels = [
            {
                "name": xml_text(name), "color": f"#{bytes(label_colour(value)).hex()}", "type": "mask",
                "attributes": [{"name": said, "input_type": "text", "mutable": False, "values": [""]} for said in SAID],
            }
            for name, value in self.colours.items()
        ]  # fmt: skip
        write_whole(self.folder / LABELS, json.dumps(labels, indent=1, ensure_ascii=False))
        self._body.seek(0)
        with complete_or_absent(self.folder / FILE) as file:
            file.write('<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n  <version>1.1</version>\n  <meta>\n')
            file.write(f"    <task>\n      <size>{self._images}</size>\n      <labels>\n")
            for name in self.colours:
                attributes = "".join(_attribute(said) for said in SAID)
                named = f"<name>{escape(xml_text(name))}</name>"
                file.write(f"        <label>{named}<attributes>{attributes}</attributes></label>\n")
            file.write("      </labels>\n    </task>\n  </meta>\n")
            shutil.copyfileobj(self._body, file)
            file.write("</annotations>\n")


def _attribute(name: str) -> str:
    kept = "<mutable>False</mutable><input_type>text</input_type><default_value></default_value><values></values>"
    return f"<attribute><name>{name}</name>{kept}</attribute>"
