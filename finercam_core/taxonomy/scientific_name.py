"""A scientific name taken apart."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ScientificName:
    """A scientific name taken apart; the attributes are Darwin Core terms where there is one.

    Parameters
    ----------
    canonical : str
        The cleaned name without authorship, the key of a class: genus capitalised, epithets in lower case. Empty
        when the text names nothing ("unknown", "n/a").
    genus, specificEpithet, infraspecificEpithet : str
        Parts, empty where absent.
    taxonRank : str
        "species", "subspecies", "variety", "form", "genus", "family" …; empty when it cannot be told.
    scientificNameAuthorship : str
        What followed the name.
    qualifier : str
        Why this is not the name of one formally named species: "sp.", "cf.", "aff.", "×", "group", "informal";
        empty for an ordinary name.
    """

    canonical: str = ""
    genus: str = ""
    specificEpithet: str = ""
    infraspecificEpithet: str = ""
    taxonRank: str = ""
    scientificNameAuthorship: str = ""
    qualifier: str = ""

    @property
    def is_referable(self) -> bool:
        """Whether other species may be compared with this one: a formal name of a species or below."""
        return bool(self.specificEpithet) and not self.qualifier
