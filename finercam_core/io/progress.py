"""How long work tells whoever waits for it how far it is."""

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Called with the number of things that are finished, and of all."""

StepProgress = Callable[[int, int, str], None]
"""Called with the number of steps that are finished, of all steps, and a note such as the loss."""

OutcomeProgress = Callable[[int, int], None]
"""Called with the numbers of specimens that are done and that failed since the last call."""
