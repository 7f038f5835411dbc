"""What the pages say first: the answer about each pair in a sentence, its caveats and its picture."""

import base64
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from markupsafe import Markup, escape

from finercam_core.diagnosis.aligned_specimens import AlignedSpecimens
from finercam_core.diagnosis.answer import Diagnosis
from finercam_core.diagnosis.findings import PairAnswer
from finercam_core.diagnosis.picture import draw_answer, mean_specimens
from finercam_core.diagnosis.sentences import LEGEND, distrust, first_sentence, not_found, sureness
from finercam_core.diagnosis.survey import survey
from finercam_core.errors import FinercamError
from finercam_core.report.pooled import PooledDifference, pooled_difference

PICTURED = 400  # pairs; with more of them pages have no mean specimens
_DPI = 72
_NOT_ASKED = (
    "Not asked here: without trait masks every photograph would have to be read. <code>finercam ask</code> answers for "
    "one pair."
)


@dataclass(frozen=True)
class PairNote:
    """The answer about a pair, as a page shows it.

    Attributes
    ----------
    sentence : Markup
        With the scientific names in italics.
    caveats : tuple of str
    picture : str
        Data URI of the mean specimens; "" where there are too many pairs, or no photograph can be read.
    words : str
        The picture for those who cannot see it.
    sure, rest : str
        How sure the answer is, and which places have no support; "" where there is no answer.
    pooled : PooledDifference, optional
        The same difference as the picture for the script, which draws it for any γ.
    """

    sentence: Markup
    caveats: tuple[str, ...] = ()
    picture: str = ""
    words: str = ""
    sure: str = ""
    rest: str = ""
    legend: str = LEGEND
    pooled: PooledDifference | None = None


class AtlasAnswers:
    """Answers about all pairs of a store.

    Parameters
    ----------
    diagnosis : Diagnosis
    others : sequence of Diagnosis
        Of the same specimens by other classifiers.
    """

    def __init__(self, diagnosis: Diagnosis, others: Sequence[Diagnosis] = ()) -> None:
        self.diagnosis, self.others = diagnosis, others
        self._problem = ""  # why the pairs could not be asked at all
        self._aligned = AlignedSpecimens(diagnosis.store)

    @cached_property
    def by_pair(self) -> Mapping[tuple[str, str], PairAnswer]:
        """Every answer by its pair, sorted; none where no specimen may testify, or where it would take too long."""
        if self.too_many:
            return {}
        try:
            return {(one.a, one.b): one for one in survey(self.diagnosis, others=self.others)}
        except FinercamError as error:
            self._problem = error.problem
            return {}

    @cached_property
    def too_many(self) -> bool:
        """Whether too many photographs would have to be read: specimens without masks are found in them."""
        remote = "://" in self.diagnosis.store.images_root
        try:
            return not self.diagnosis.traits and (remote or len(self.diagnosis.pairs) > PICTURED)
        except FinercamError:
            return False

    def of_pair(self, a: str, b: str) -> PairNote:
        """The note on a pair's page; where there is no answer, why."""
        if self.too_many:
            return PairNote(Markup(_NOT_ASKED))
        pair = min(a, b), max(a, b)
        answer = self.by_pair.get(pair)
        if answer is None:
            return PairNote(Markup("Not measured: {}.").format(self._why_not(*pair)))
        caveats = tuple(distrust(answer))
        picture, pooled = self._pictured(answer) if len(self.by_pair) <= PICTURED else ("", None)
        return PairNote(
            in_italics(first_sentence(answer)), caveats, picture, first_sentence(answer, mark=""), sureness(answer),
            not_found(answer), pooled=pooled,
        )  # fmt: skip

    def _why_not(self, a: str, b: str) -> str:
        """Why a pair has no answer: what its own comparison says, else what stopped that of all pairs."""
        try:
            asked = self.diagnosis.asked
            missing = [name for name in (a, b) if asked.of(name).empty]
            if missing:
                return f"no specimen of {missing[0]} is among those asked, {asked.basis}"
            if (a, b) not in self.diagnosis.pairs:
                return "the two were not compared in both directions"
            if not self._problem:
                self.diagnosis.answer(a, b)
        except FinercamError as error:
            return error.problem
        return self._problem

    def of_species(self, name: str) -> tuple[PairNote, ...]:
        """The sentences on a species' page, in the order of the other species' names, then who has no answer, and why.

        Every species that it is compared with in the store has its place here, also one that is compared with it in
        one direction only.
        """
        if self.too_many:
            return (PairNote(Markup(_NOT_ASKED)),)
        answered = {next(other for other in pair if other != name): answer
                    for pair, answer in self.by_pair.items() if name in pair}  # fmt: skip
        if self._problem:
            return (PairNote(Markup("Not measured: {}.").format(self._problem)),)
        silent: dict[str, list[str]] = {}
        for other in sorted(self._compared_with.get(name, set()) - set(answered)):
            silent.setdefault(self._why_not(min(name, other), max(name, other)), []).append(other)
        missing = [f"Not measured against {', '.join(f'*{other}*' for other in others)}: {reason}."
                   for reason, others in silent.items()]  # fmt: skip
        said = [first_sentence(answered[other]) for other in sorted(answered)]
        return tuple(PairNote(in_italics(text)) for text in (*said, *missing))

    @cached_property
    def _compared_with(self) -> Mapping[str, set[str]]:
        """Species that each is compared with, in whichever direction."""
        store, found = self.diagnosis.store, dict[str, set[str]]()
        for own in store.species:
            for other in store.classes(own)[1:]:
                found.setdefault(own, set()).add(other)
                found.setdefault(other, set()).add(own)
        return found

    def _pictured(self, answer: PairAnswer) -> tuple[str, PooledDifference | None]:
        """The picture of an answer as a data URI, and what the script draws it from; without photographs neither."""
        file = io.BytesIO()
        try:
            means = mean_specimens(self.diagnosis, answer, self._aligned)
            draw_answer(self.diagnosis, answer, file, dpi=_DPI, title=False, means=means)
        except FinercamError:
            return "", None
        uri = f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
        return uri, pooled_difference(*means)


def in_italics(text: str) -> Markup:
    """Text with ``*names*`` as italics, everything else escaped."""
    return Markup(re.sub(r"\*([^*]+)\*", r'<i class="name">\1</i>', str(escape(text))))
