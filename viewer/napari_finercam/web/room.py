"""The room that all reviewers of a store sit in: a desk for each, the store and its photographs for all."""

from collections.abc import Sequence
from pathlib import Path
from threading import Lock

from finercam_core.finer import gamma_for
from finercam_core.images.palette import DIFFERENCE, HEAT
from finercam_core.regions.traits import offered_traits
from finercam_core.store import open_store
from finercam_core.strengths import GAMMA
from napari_finercam.session.queue import ORDERS
from napari_finercam.web.desk import Desk
from napari_finercam.web.facts import ReviewFacts, Taxon
from napari_finercam.web.links import Links
from napari_finercam.web.photographs import Photographs


class ReviewRoom:
    """A store under review.

    Parameters
    ----------
    location : str or Path
        The store.
    reviewers : sequence of str
    images : str or Path, optional
        Folder of the photographs, if they have moved.
    atlas : Path, optional
        Folder of its atlas, to be served as well.

    Raises
    ------
    StoreError, ReviewError
        If the store cannot be read.
    """

    def __init__(
        self,
        location: str | Path,
        reviewers: Sequence[str],
        images: str | Path | None = None,
        atlas: Path | None = None,
    ) -> None:
        self.store = open_store(location, images=images)
        self.atlas = atlas
        self.photographs = Photographs(self.store)
        self.links = Links(location, self.store.provenance.run, reviewers)
        self._desks: dict[str, Desk] = {}
        self._lock = Lock()
        for reviewer in self.links.reviewers[:1]:
            self._desk_of(reviewer)

    def desk(self, token: str) -> Desk | None:
        """The desk of the reviewer whose token this is; None for no token."""
        reviewer = self.links.reviewer(token)
        return None if reviewer is None else self._desk_of(reviewer)

    def _desk_of(self, reviewer: str) -> Desk:
        with self._lock:
            if reviewer not in self._desks:
                self._desks[reviewer] = Desk(self.store, self.photographs, reviewer)
            return self._desks[reviewer]

    def close(self) -> None:
        """End all threads."""
        for desk in self._desks.values():
            desk.close()

    def facts(self, desk: Desk) -> ReviewFacts:
        """What holds for the whole review."""
        made, (_, order) = self.store.provenance, desk.first
        day, version = made.created[:10], made.versions.get("finercam", "")
        return ReviewFacts(
            reviewer=desk.reviewer,
            collection=made.collection or "collection",
            run=made.run,
            method=made.method,
            citation=f"{made.collection or 'Collection'}, run {made.run}, {day}, made with finercam {version}.",
            gamma=gamma_for(made.compared_at, GAMMA),
            comparedAt=made.compared_at,
            ramps={"heat": HEAT, "difference": DIFFERENCE},
            traits=offered_traits(self.store),
            taxa=tuple(Taxon(name, rank, count) for name, rank, count in desk.taxa()),
            filters=desk.filters,
            orders=(order, *(name for name in ORDERS if name != order)),
            atlas=self.atlas is not None,
        )
