"""What an evaluation found, as its folder, its plots and the atlas show it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from finercam_core.evaluate.classifier_checks import Checks

NO_TRAITS = "not measured: no trait masks"
ONE_WAY = "not measured: no two species were compared with each other in both directions"
NO_PLACES = "not measured: neither masks nor boxes say where the specimens are"


@dataclass(frozen=True)
class EvaluationReport:
    """Outcome of an evaluation.

    Attributes
    ----------
    folder : Path
        Where it was written, see docs/evaluation.md.
    specimens : DataFrame
        Localisation of each map of each specimen, `localisation.judge`.
    traits : DataFrame
        Species × reference × trait with intervals and UBERON terms, `characters.direction_table`.
    characters : DataFrame
        What separates each pair, `characters.pair_table`.
    localisation, accuracy, caveats : DataFrame
        `species_tables.localisation_table`, `species_tables.accuracy_table`, `caveats.caveats`.
    planted : DataFrame
        `planted_traits.planted_ranks` where the true differences are known, else empty.
    truth : DataFrame
        `energy_table.true_energy_table` where the true regions are known, else empty.
    left_out : DataFrame
        Specimens without figures: image_id, scientificName, reason.
    protocol : mapping
        Settings and rules, as plain JSON values.
        ``judged`` says which specimens, ``judged_on`` is "training images" where the classifier was trained on some.
    provenance : mapping
        Of the store.
    reused : int
        Species whose figures were there already.
    beside : DataFrame
        `published.beside` where published figures were given, else empty.
    checks : Checks
        Faithfulness and sanity, where `with_model.checks.check` left them in the folder.
    """

    folder: Path
    specimens: pd.DataFrame
    traits: pd.DataFrame
    characters: pd.DataFrame
    localisation: pd.DataFrame
    accuracy: pd.DataFrame
    caveats: pd.DataFrame
    planted: pd.DataFrame
    truth: pd.DataFrame
    left_out: pd.DataFrame
    protocol: Mapping[str, object]
    provenance: Mapping[str, object]
    reused: int
    beside: pd.DataFrame = field(default_factory=pd.DataFrame)
    checks: Checks = field(default_factory=Checks)

    @property
    def not_measured(self) -> dict[str, str]:
        """What was not measured, with the reason: an empty table of these is no finding of none."""
        missing = {}
        if self.traits.empty:
            missing["traits"] = NO_TRAITS
        elif self.characters.empty:
            missing["traits"] = ONE_WAY
        if self.localisation.empty:
            missing["on the specimen"] = NO_PLACES
        if self.checks.faithfulness.empty:
            missing["faithfulness"] = "not measured: it needs the classifier"
        return missing

    @property
    def mark(self) -> str:
        """What every page, table and file has to say about the specimens judged; "" where they were held out."""
        return str(self.protocol.get("judged_on", ""))
