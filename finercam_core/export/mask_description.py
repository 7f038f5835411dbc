"""What a reader of an exported mask needs to know, in the order in which files say it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from finercam_core.strengths import GAMMA

NOT_REVIEWED = "not reviewed"
# An absolute path of this machine, also after the prefix of a classifier's name; addresses with :// are none.
_FOLDERS = re.compile(r"(?:(?<=[:=\s])|^)(?:file://)?(?:[A-Za-z]:[\\/]|/)(?:[^/\\\s:]+[/\\])*(?=[^/\\\s:])")


def without_folders(text: str) -> str:
    """A text without the folders of the absolute paths in it, which belong to a machine and not to a data set."""
    return _FOLDERS.sub("", text)


@dataclass(frozen=True)
class MaskDescription:
    """What a reader of a mask needs to know, in the order in which files say it.

    Attributes
    ----------
    scientificName, license, rightsHolder, collection : str
        Of the specimen and its photograph.
    model, weights_sha256, target_layer, method, run : str
        What the evidence comes from.
    references : tuple of str
        Species that the map compares with.
    gamma : float
    weighting : str
    above : str
        Baseline of the map, see `finercam_core.baselines`; files say it only where there is one.
    above_mean : float or None
        Of the baselines that take the map's own mean away: this mean, in units of the logit. The margin that the map
        stands for is the sum over its cells of the map and of the mean.
    threshold : mapping
        ``{"top": 0.05}`` or another argument of `finercam_core.regions.threshold.region`.
    smoothing : float
        Radius in pixels.
    source : {"threshold", "snapped", "painted"}
    painted_share : float
        Share of the pixels that a person added.
    snapped : mapping
        Settings of `finercam_core.regions.snap.snap`, where it was applied.
    trait, uberon : str
        The trait that the region is said to be, or "".
    reviewer : str or None
        None where nobody has reviewed the mask.
    decision, note, time : str
    """

    scientificName: str
    license: str
    rightsHolder: str
    model: str
    weights_sha256: str
    target_layer: str
    method: str
    run: str
    collection: str
    references: tuple[str, ...] = ()
    gamma: float = GAMMA
    weighting: str = "mean"
    above: str = "none"
    above_mean: float | None = None
    threshold: Mapping[str, float] = field(default_factory=dict)
    smoothing: float = 0.0
    source: str = "threshold"
    painted_share: float = 0.0
    snapped: Mapping[str, float] = field(default_factory=dict)
    trait: str = ""
    uberon: str = ""
    reviewer: str | None = None
    decision: str = NOT_REVIEWED
    note: str = ""
    time: str = ""

    def to_json(self) -> dict[str, object]:
        """Plain JSON values under the same names; `above` only where there is a baseline."""
        held = {"threshold": dict(self.threshold), "snapped": dict(self.snapped)}
        plain = {**vars(self), "references": list(self.references), **held}
        return plain if self.above != "none" else {key: plain[key] for key in plain if not key.startswith("above")}

    def to_cells(self) -> dict[str, str | float]:
        """One plain value under each name, as tables hold them: references with bars between, mappings as JSON."""
        mappings = {"threshold": self.threshold, "snapped": self.snapped}
        texts = {name: json.dumps(dict(held)) if held or name == "threshold" else "" for name, held in mappings.items()}
        texts["references"] = " | ".join(self.references)
        return {**vars(self), **texts, "reviewer": self.reviewer or ""}
