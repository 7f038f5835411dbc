"""The explainer: classifiers and the evidence maps of their classes, with one forward pass per image."""

from finercam_core.explain.evidence import Explanation, evidence, explain
from finercam_core.explain.model.classifier import Classifier
from finercam_core.explain.model.loader import load_classifier

__all__ = ["Classifier", "Explanation", "evidence", "explain", "load_classifier"]
