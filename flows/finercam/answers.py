"""What tells two species apart, as a notebook shows it: sentences first, the figures as a table."""

from dataclasses import dataclass

import pandas as pd

from finercam_core.diagnosis import PairAnswer
from finercam_core.diagnosis.sentences import first_sentence, five_lines
from finercam_core.diagnosis.survey import survey_table


@dataclass(frozen=True)
class Answer:
    """The answer about a pair of species.

    Attributes
    ----------
    pair : PairAnswer
        Everything that was measured.
    """

    pair: PairAnswer

    @property
    def sentence(self) -> str:
        """What differs, the word for it, p and n."""
        return first_sentence(self.pair, mark="")

    def __repr__(self) -> str:
        """What differs, how sure that is, what does not, and what to distrust."""
        return "\n".join(five_lines(self.pair, "")[:-1])

    def to_pandas(self) -> pd.DataFrame:
        """One row per place: word, share, density, p, why; see `finercam_core.diagnosis.survey.survey_table`."""
        return survey_table([self.pair])
