"""What each page of the atlas says."""

from functools import cached_property
from typing import Any

import pandas as pd

from finercam_core.evaluate.evaluation import EvaluationReport
from finercam_core.evaluate.traits.characters import share_in_words
from finercam_core.evaluate.traits.cover import OUTSIDE
from finercam_core.report.specimen_views import Views
from finercam_core.store import Store

TIERS = {
    "conspecific": "a subspecies of the same species",
    "congener": "same genus",
    "confamilial": "same family",
    "ordinal": "same order",
    "unrelated": "not related, but scored most alike",
}
PICTURED = 400  # species; with more of them the index has no photographs


class Content:
    """Content of all pages, made from a store and its evaluation.

    Parameters
    ----------
    store : Store
    figures : EvaluationReport
    views : Views
    count : int
        Specimens on a species' page.
    """

    def __init__(self, store: Store, figures: EvaluationReport, views: Views, count: int) -> None:
        self.store, self.figures, self.views, self.count = store, figures, views, count
        first = figures.specimens.drop_duplicates("image_id")
        self._ids = {str(k): sorted(v) for k, v in first.groupby("scientificName")["image_id"]}
        self._accuracy = {row["species"]: row for row in figures.accuracy.to_dict("records")}

    @property
    def species(self) -> list[str]:
        """Species with a page, sorted."""
        return sorted(self._ids)

    @cached_property
    def references(self) -> dict[str, list[tuple[str, str]]]:
        """References of each species with their tiers, in the order of the store."""
        found = {}
        for name in self.species:
            record = self.store.record(self._ids[name][0])
            found[name] = list(zip(record.classes[1:], record.tiers[1:], strict=True))
        return found

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """Pairs with a page, sorted: one at least is compared with the other, and both have specimens."""
        known = set(self._ids)
        wanted = {(min(a, b), max(a, b)) for a, refs in self.references.items() for b, _ in refs if b in known}
        return sorted(wanted)

    def _about(self, name: str) -> dict[str, Any]:
        row = self.store.row(self._ids[name][0])
        return {
            "name": name,
            "family": str(row["family"]),
            "genus": str(row["genus"]),
            "common": str(row["vernacularName"]),
            "accuracy": self._accuracy[name],
            "caveats": self._caveats(name),
        }

    def _thumbnail(self, name: str) -> str:
        """A small photograph for the index, "" where there are too many species for one page or none can be read."""
        return self.views.small_photo(self._ids[name]) if len(self.species) <= PICTURED else ""

    def _caveats(self, name: str) -> list[dict[str, Any]]:
        table = self.figures.caveats
        return _records(table[table["species"] == name]) if len(table) else []

    def index_page(self) -> dict[str, Any]:
        """All species with their accuracy and caveats."""
        species = [{**self._about(name), "photo": self._thumbnail(name)} for name in self.species]
        return {"species": species, "left_out": len(self.figures.left_out)}

    def species_page(self, name: str) -> dict[str, Any]:
        """One species: specimens, references and why, traits, confusions."""
        references = [
            {"name": other, "tier": tier, "why": TIERS.get(tier, tier), "paged": self._paged(name, other),
             "traits": self._best(name, other)}
            for other, tier in self.references[name]
        ]  # fmt: skip
        return {
            **self._about(name),
            "references": references,
            "specimens": self.views.some(self._ids[name], self.count),
            "traits": self._traits(name),
        }

    def _paged(self, a: str, b: str) -> bool:
        return (min(a, b), max(a, b)) in set(self.pairs)

    def pair_page(self, a: str, b: str) -> dict[str, Any]:
        """Two species, each compared with the other."""
        half = max(1, self.count // 2)
        sides = []
        for name, other in ((a, b), (b, a)):
            compared = other in dict(self.references[name])
            views = self.views.some(self._ids[name], half, [other]) if compared else []
            sides.append({"name": name, "other": other, "specimens": views, "compared": compared})
        tier = dict(self.references[a]).get(b) or dict(self.references[b])[a]
        table = self._pair(a, b)
        return {"a": a, "b": b, "sides": sides, "why": TIERS.get(tier, tier), "characters": _records(table),
                "candidates": self._best(a, b),
                "caveats": [{**c, "of": n} for n in (a, b) for c in self._caveats(n)]}  # fmt: skip

    def _pair(self, a: str, b: str) -> pd.DataFrame:
        table = self.figures.characters
        if table.empty:
            return table
        first, second = sorted((a, b))
        return table[(table["species"] == first) & (table["reference"] == second) & (table["area"] > 0)]

    def _best(self, a: str, b: str) -> list[dict[str, Any]]:
        table = self._pair(a, b)
        best = _records(table[table["candidate"]].head(3)) if len(table) else []
        return [{**row, "words": share_in_words(row)} for row in best]

    def _traits(self, name: str) -> list[dict[str, Any]]:
        """Mean share of each trait in the differences of a species from its references, largest first."""
        table = self.figures.traits
        if table.empty or name not in set(table["species"]):
            return []
        own = table[table["species"] == name]
        mean = own.groupby(["trait_id", "trait", "uberon"], as_index=False)[["share", "area", "density"]].mean()
        mean["named"] = mean["trait_id"] > 0
        mean["outside"] = mean["trait_id"] == OUTSIDE
        seen = mean[mean["area"] > 0]
        return _records(seen.sort_values("share", ascending=False))


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]
