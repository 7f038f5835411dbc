"""What other people's packages have to say becomes one sentence each, once."""

import logging
import sys
import warnings
from typing import TextIO

from finercam_core.redaction import visible

_CHATTY = ("huggingface_hub", "timm", "httpx", "httpcore", "distributed", "urllib3")


def one_sentence_each() -> None:
    """Show each warning once, as its first sentence without the line of code; retries of downloads not at all.

    What goes wrong in the end is an error, which finercam says itself; `--debug` shows everything.
    """
    seen: set[str] = set()

    def show(
        message: Warning | str, category: type[Warning], filename: str, lineno: int,
        file: TextIO | None = None, line: str | None = None,
    ) -> None:  # fmt: skip
        text = " ".join(str(message).split("\n\n")[0].split("\n")[0].split())
        if text not in seen and not issubclass(category, DeprecationWarning | FutureWarning | ResourceWarning):
            seen.add(text)
            print(f"note: {visible(text)}", file=file or sys.stderr)

    warnings.showwarning = show
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.ERROR)
