"""What the commands print on: names and notes are text there, whatever they contain."""

from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.errors import MarkupError
from rich.segment import Segment
from rich.text import Text

from finercam_core.redaction import visible


class Screen(Console):
    """A console that sends no control character of the data to the terminal, and no name turns into an emoji.

    Colours and cursor movements are rich's own and pass. A text with broken markup is printed as it is.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(emoji=False, **settings)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Rich's own segments; in those that are text, control characters are shown as signs."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=visible(segment.text))

    def render_str(self, text: str, **settings: Any) -> Text:
        """Rich's own of a text without control characters, or the text as it is where its markup is broken."""
        shown = visible(text)  # before widths are measured
        try:
            return super().render_str(shown, **settings)
        except MarkupError:
            return super().render_str(shown, **{**settings, "markup": False})
