"""Do the maps tell the truth? Figures with intervals that could come out either way.

`evaluate` needs the store alone. `finercam_core.evaluate.with_model` needs the classifier too, and torch; nothing else
in `evaluate` imports it.
"""

from finercam_core.evaluate.evaluation import evaluate
from finercam_core.evaluate.protocol import EvaluationError, Protocol
from finercam_core.evaluate.results import EvaluationReport

__all__ = ["EvaluationError", "EvaluationReport", "Protocol", "evaluate"]
