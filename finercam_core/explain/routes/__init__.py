"""Ways from an image to the evidence of its classes; the cheapest correct one is chosen by trial."""

from finercam_core.explain.routes.base import Choose, Classes, Gradients, Reduce, Route, Weights, chosen, evidence_of
from finercam_core.explain.routes.choice import choose_route

__all__ = ["Choose", "Classes", "Gradients", "Reduce", "Route", "Weights", "choose_route", "chosen", "evidence_of"]
