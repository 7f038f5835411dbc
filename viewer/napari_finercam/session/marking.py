"""What a reviewer marks on the current specimen: its regions, their comparison, the note, and the draft of all."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from finercam_core.errors import ReviewError
from finercam_core.regions.snap import SnapSettings
from finercam_core.regions.traits import SCALE_BAR, Trait, offered_traits, traits_of
from finercam_core.review import Comparison, Decision, Draft, Verdict
from finercam_core.store import open_store
from finercam_core.strengths import Baseline, Weighting
from napari_finercam.session.captions import unplaced_regions
from napari_finercam.session.comparison import LiveComparison
from napari_finercam.session.history import History, RegionChange
from napari_finercam.session.loaded_specimen import LoadedSpecimen
from napari_finercam.session.navigation import Navigation
from napari_finercam.session.regions import Mask, NumberedRegions, Snapshot, Threshold
from napari_finercam.session.regions.kept_drafts import KeptDrafts
from napari_finercam.session.regions.screen import ReviewScreen
from napari_finercam.session.verdicts import Verdicts


class Marking:
    """Regions and note of the current specimen; every change is on the disk when its method returns.

    Parameters
    ----------
    location : str or Path
        The store; a flow may be writing to it meanwhile.
    reviewer : str
    images : str or Path, optional
        Folder of the photographs, if they have moved.

    Attributes
    ----------
    navigation : Navigation
        Set by `ReviewSession`.
    comparison : LiveComparison
    verdicts : Verdicts
    drafts : KeptDrafts
    threshold : Threshold
        Call `recut` after changing it.
    regions : NumberedRegions
        Of the current specimen.
    note : str
        Of the current specimen, as the verdict will keep it.
    screen : ReviewScreen or None
        The window, if there is one: what was painted there is taken before anything else happens.
    traits : tuple of Trait
        Those that a region can belong to.
    mask_traits : tuple of Trait
        Those of the collection's own trait masks.
    """

    navigation: Navigation

    def __init__(self, location: str | Path, reviewer: str, images: str | Path | None = None) -> None:
        self.store = open_store(location, images=images)
        self.reviewer = reviewer
        self.comparison = LiveComparison(self.store)
        self.threshold = Threshold()
        offered = offered_traits(self.store)
        bar = Trait(max((trait.id for trait in offered), default=0) + 1, SCALE_BAR)
        self.traits: tuple[Trait, ...] = (*offered, bar)
        self.mask_traits: tuple[Trait, ...] = traits_of(self.store) or (Trait(1, "specimen"),)
        self.verdicts = Verdicts(location, reviewer)
        self.drafts = KeptDrafts(location, reviewer)
        self.regions = NumberedRegions((1, 1))
        self.note = ""
        self.screen: ReviewScreen | None = None
        self._shown: Verdict | None = None
        self._recut_since = self._drafted = False
        self._history = History()

    @property
    def specimen(self) -> LoadedSpecimen:
        """The current specimen."""
        return self.navigation.specimen

    @property
    def decision(self) -> Decision:
        """The decision of this reviewer on the current specimen, "" for none yet."""
        verdict = self.verdicts.own(self.specimen.image_id)
        return "" if verdict is None else verdict.decision

    @property
    def edited(self) -> bool:
        """Whether regions or note are no longer those of this reviewer's verdict on the current specimen."""
        return bool(self.decision) and self._shown is None

    @property
    def warnings(self) -> list[str]:
        """What is wrong with the store or the current specimen, a sentence each."""
        sentences = [self.drafts.obstacle, self.drafts.trouble, self.specimen.problem]
        return [sentence for sentence in (*sentences, unplaced_regions(self.regions.unplaced)) if sentence]

    def collect(self) -> bool:
        """Take what was painted or written on the screen and is not here yet; True if there was anything."""
        if self.screen is None:
            return False
        self.screen.settle()
        image_id = self.specimen.image_id
        labels, note = self.screen.painted(image_id, self.regions.labels), self.screen.written(image_id)
        painted, noted = labels is not None and self.paint(labels), note is not None and note != self.note
        if note is not None and noted:
            self.note, self._shown = note, None
            self.save_draft()
        return painted or noted

    def keep(self) -> None:
        """Take what is on the screen, and keep a region with a verdict or a draft that a slider changed."""
        self.collect()
        if self._recut_since:
            self.save_draft()

    @property
    def gamma(self) -> float:
        """Strength of the comparison; setting it recuts the region. See `LiveComparison.set_gamma`."""
        return self.comparison.settings.gamma

    @gamma.setter
    def gamma(self, value: float) -> None:
        self.comparison.set_gamma(value)
        self.recut()

    def set_weighting(self, weighting: Weighting) -> None:
        """Change the weighting of the references."""
        self.comparison.settings.weighting = weighting
        self.recut()

    def set_above(self, baseline: Baseline) -> None:
        """Change what maps are looked at above, see `finercam_core.baselines`."""
        self.comparison.settings.above = baseline
        self.recut()

    def use(self, references: list[str]) -> None:
        """Compare with these of the stored references only, from now on for all specimens of this species."""
        self.comparison.choose(self.specimen, references)
        self.recut()

    def recut(self) -> None:
        """Cut the first region again, after the map or the threshold changed, unless it was painted."""
        self.collect()
        if self._cut(self.regions, self.specimen):
            self._recut_since = self._drafted or bool(self.decision)
            self._shown = None

    def _cut(self, regions: NumberedRegions, specimen: LoadedSpecimen) -> bool:
        """Cut the first region of a specimen, if it follows the threshold; whether it does."""
        if not (regions.follows and specimen.done and specimen.photographed):
            return False
        regions.cut(self.comparison.image_map(specimen), self.threshold, self.comparison_made(specimen))
        return True

    def paint(self, labels: npt.NDArray[np.integer] | Mask) -> bool:
        """Take regions as a person left them after a stroke, and save them; False if nothing changed."""
        before = self.regions.snapshot()
        if not self.regions.paint(np.asarray(labels), self.comparison_made()):
            return False
        self._edited(before)
        return True

    def edit(self, change: Callable[[NumberedRegions], object]) -> None:
        """Change the regions in a way that can be undone, and save them.

        Raises
        ------
        ReviewError
            If there is no photograph, whose regions they could be, or there are too many of them.
        """
        self.collect()
        if not self.specimen.photographed:
            raise ReviewError(f"{self.specimen.image_id} has no photograph to mark regions on", "find its images")
        before = self.regions.snapshot()
        change(self.regions)
        self._cut(self.regions, self.specimen)
        self._edited(before)

    def snap(self, number: int, settings: SnapSettings | None = None) -> None:
        """Draw the outline of a region to the edges of the photograph. Raises as `edit` and `NumberedRegions.snap`."""
        self.edit(lambda regions: regions.snap(number, self.specimen.image, settings))

    def _edited(self, before: Snapshot) -> None:
        self._shown = None
        self._history.record(RegionChange(self.specimen.image_id, before, self.regions.snapshot()))
        self.save_draft()

    def draft_of(self, image_id: str) -> Draft | None:
        """The draft of any specimen, None if there is none or it is damaged."""
        try:
            return self.drafts.load(image_id)
        except ReviewError:
            return None

    def save_draft(self) -> None:
        """Keep the regions and the note of the current specimen until its verdict; see `KeptDrafts`."""
        self._recut_since, self._drafted = False, True
        specimen, records = self.specimen, self.regions.records(any_size=True)
        self.drafts.save(Draft(specimen.image_id, records, self.note, has_regions=self.regions.known))

    def comparison_made(self, specimen: LoadedSpecimen | None = None) -> Comparison:
        """How the map of a specimen is made, by default the current one's; see `LiveComparison.made`."""
        return self.comparison.made(specimen or self.specimen)
