"""Does a map tell the truth? Figures with intervals that could come out either way.

`evaluate` needs the store alone. `finercam_core.evaluate.with_model` needs the classifier too, and torch; it is not
imported here.
"""

from finercam_core.evaluate.evaluation import EvaluationReport, evaluate
from finercam_core.evaluate.protocol import EvaluationError, Protocol

__all__ = ["EvaluationError", "EvaluationReport", "Protocol", "evaluate"]
