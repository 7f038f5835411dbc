r"""Dense traits: where the evidence that separates the specimens of two species lies, in the classifier's eyes.

With :math:`e_t(x)` the evidence for A over B on trait t of specimen x (`attribution.trait_evidence`), trait t's part in
the separation of the two species is

.. math:: S_t = \operatorname{mean}_{x \in A} e_t(x) - \operatorname{mean}_{x \in B} e_t(x)

What both species' specimens show alike cancels, a trait that one of them lacks counts through the other, and the parts
add up to the mean distance of the two species' score differences. The *share* is :math:`S_t / \sum S_t`. Large parts
win by share whatever the classifier looks at, so traits are ranked by *density*: evidence by area, 1 for evidence
spread evenly over the specimen.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from finercam_core.evaluate.statistics.intervals import Spread, resampled_means, spread
from finercam_core.evaluate.tables import joined
from finercam_core.evaluate.traits.cover import OUTSIDE, UNLABELLED
from finercam_core.regions.traits import Trait

OTHER = (Trait(OUTSIDE, "outside the specimen"), Trait(UNLABELLED, "unlabelled body"))
LEAST = 3  # specimens of each species; fewer give no meaningful interval
TOLD_APART = 0.9  # share of two species' specimens that score higher for their own, from which on they are told apart


def direction_table(attributions: pd.DataFrame, traits: Sequence[Trait], *, seed: int = 0) -> pd.DataFrame:
    """Share of each trait in the difference of each species from each reference, with 95 % intervals over specimens.

    Parameters
    ----------
    attributions : DataFrame
        From `attribution.attribute`, all specimens together.
    traits : sequence of Trait
    seed : int
        Of the bootstrap.

    Returns
    -------
    DataFrame: species, reference, tier, trait_id, trait, uberon, share, share_low, share_high, area, density,
    pointing (share of the specimens whose map is largest on the trait), n.
    """
    groups = attributions.groupby(["scientificName", "reference"], sort=True, observed=True)
    return joined(_direction(rows, traits, seed) for _, rows in groups)


def _direction(rows: pd.DataFrame, traits: Sequence[Trait], seed: int) -> pd.DataFrame:
    shares = rows.pivot_table(index="image_id", columns="trait_id", values="share", sort=True).dropna()
    if shares.empty:
        return pd.DataFrame()
    mean = spread(shares.mean().to_numpy(), resampled_means(shares, seed=seed))
    area = rows.groupby("trait_id")["area"].mean().reindex(shares.columns).to_numpy()
    pointing = rows.groupby("trait_id")["pointing"].mean().reindex(shares.columns).to_numpy()
    first = rows.iloc[0]
    head = {"species": first["scientificName"], "reference": first["reference"], "tier": first["tier"]}
    table = pd.DataFrame({**head, **_named(shares.columns, traits)})
    even = even_density(shares.columns, mean.value, area)
    density = np.divide(mean.value, area * even, out=np.full(len(area), np.nan), where=area > 0)
    return table.assign(
        share=mean.value,
        share_low=mean.low,
        share_high=mean.high,
        area=area,
        density=density,
        pointing=pointing,
        n=len(shares),
    )


def even_density(ids: npt.ArrayLike, share: npt.ArrayLike, area: npt.ArrayLike) -> float:
    """Share by area of the whole specimen: what each part of it would have if its evidence were spread evenly."""
    on = np.asarray(ids) > OUTSIDE
    total = float(np.asarray(area, np.float64)[on].sum())
    return float(np.asarray(share, np.float64)[on].sum()) / total if total > 0 else np.nan


def _named(ids: Iterable[int], traits: Sequence[Trait]) -> dict[str, list[object]]:
    known = {trait.id: trait for trait in (*OTHER, *traits)}
    named = [known[int(number)] for number in ids]
    return {"trait_id": [t.id for t in named], "trait": [t.name for t in named], "uberon": [t.uberon for t in named]}


def pair_table(attributions: pd.DataFrame, traits: Sequence[Trait], *, seed: int = 0) -> pd.DataFrame:
    """What separates every two species that were compared in both directions, trait by trait.

    Returns
    -------
    DataFrame, one row per pair and trait, most telling first: species, reference, tier, trait_id, trait, uberon,
    evidence (logits), share, share_low, share_high, area, density, density_low, density_high, rank (among the traits,
    0 for the rest), on (species whose specimens carry more of it), told_apart (share of the specimens that score
    higher for their own species), n, n_reference, dense. Intervals of a pair hold together (Bonferroni over its
    traits). The density interval of a dense trait lies wholly above 1, an even spread over the specimen. That it is
    dense is a description: neither chance nor an exchange of the trait has been tried.
    """
    groups = dict(iter(attributions.groupby(["scientificName", "reference"], observed=True)))
    pairs = sorted({tuple(sorted(key)) for key in groups if key[::-1] in groups})
    return joined(_pair(groups[a, b], groups[b, a], traits, seed) for a, b in pairs)


def _wide(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    return rows.pivot_table(index="image_id", columns="trait_id", values=column, sort=True)


def _pair(ab: pd.DataFrame, ba: pd.DataFrame, traits: Sequence[Trait], seed: int) -> pd.DataFrame:
    here, there = _wide(ab, "evidence"), _wide(ba, "evidence")
    ids = here.columns
    area = ((_wide(ab, "area").mean() + _wide(ba, "area").mean()) / 2).reindex(ids).to_numpy()
    looks = int((ids > UNLABELLED).sum())
    evidence, share = _separation(here, there, looks, seed)
    head = {key: ab.iloc[0][column] for key, column in _HEAD.items()}
    margins = pd.concat([ab, ba]).drop_duplicates("image_id")["margin"]
    table = pd.DataFrame({**head, **_named(ids, traits)}).assign(
        evidence=evidence, share=share.value, share_low=share.low, share_high=share.high, area=area,
        on=np.where(here.mean() >= there.mean(), ab.iloc[0]["scientificName"], ab.iloc[0]["reference"]),
        told_apart=float((margins > 0).mean()), n=len(here), n_reference=len(there),
    )  # fmt: skip
    return _ranked(table)


_HEAD = {"species": "scientificName", "reference": "reference", "tier": "tier"}


def _separation(
    here: pd.DataFrame, there: pd.DataFrame, looks: int, seed: int
) -> tuple[npt.NDArray[np.float64], Spread]:
    """Evidence of each part in the separation, and its share with the interval of a two-sample bootstrap."""
    parts = here.mean().to_numpy() + there.mean().to_numpy()
    samples = resampled_means(here, seed=seed, looks=looks) + resampled_means(there, seed=seed + 1, looks=looks)
    if not samples.any():  # two species that no evidence tells apart
        nothing = np.full(len(parts), np.nan)
        return parts, Spread(nothing, nothing, nothing)
    shares, units = samples / samples.sum(1, keepdims=True), min(len(here), len(there))
    return parts, spread(parts / parts.sum(), shares, looks=looks, n=units)


def _ranked(table: pd.DataFrame) -> pd.DataFrame:
    even = even_density(table["trait_id"], table["share"], table["area"])
    area = table["area"].where(table["area"] > 0)
    for end in ("", "_low", "_high"):
        table[f"density{end}"] = table[f"share{end}"] / (area * even)
    named = (table["trait_id"] > UNLABELLED) & table["density"].notna()
    table["rank"] = table["density"].where(named).rank(ascending=False, method="min").fillna(0).astype(int)
    enough = (table["n"] >= LEAST) & (table["n_reference"] >= LEAST)
    table["dense"] = named & enough & (table["density_low"] > 1) & (table["evidence"] > 0)
    order = table.assign(_last=table["rank"].replace(0, len(table) + 1)).sort_values(["_last", "trait_id"])
    return order.drop(columns="_last")


def sentence(row: pd.Series) -> str:
    """Plain words for one dense trait, Markdown: which species from which, the trait, its share, interval and n."""
    share = share_in_words(row["share"], row["share_low"], row["share_high"])
    return (
        f"*{row['species']}* from *{row['reference']}*: {str(row['trait']).lower()}, {share} "
        f"of the evidence on {100 * row['area']:.1f} % of the image ({row['density']:.1f} times as dense as an even "
        f"spread over the specimen), mostly on *{row['on']}*, n = {row['n']} + {row['n_reference']}"
    )


def share_in_words(share: float, low: float, high: float) -> str:
    """Share with its interval, "71 % [64, 78]"; with a decimal where whole numbers would hide the interval."""
    share, low, high = 100 * share, 100 * low, 100 * high
    digits = 0 if high - low >= 3 and share >= 10 else 1
    return f"{share:.{digits}f} % [{low:.{digits}f}, {high:.{digits}f}]"
