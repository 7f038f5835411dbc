"""The answer: what tells a species from another, and how sure that is; from a store, and with the model to check."""

from finercam_core.diagnosis.answer import Diagnosis, findings
from finercam_core.diagnosis.findings import CausalEffect, PairAnswer, Place, PlaceFinding, PlaceTest

__all__ = ["CausalEffect", "Diagnosis", "PairAnswer", "Place", "PlaceFinding", "PlaceTest", "findings"]
