"""The page of the review in a browser: an empty frame, which the script fills for those who have a link."""

from dataclasses import dataclass

from finercam_core.errors import ReviewError
from finercam_core.report.live_evidence import SCRIPT
from finercam_core.report.page_templates import environment, review_policy

__all__ = ["SCRIPT", "BrowserPage", "review_page"]


@dataclass(frozen=True)
class BrowserPage:
    """The page, and the policy that it is sent with."""

    text: str
    policy: str


def review_page() -> BrowserPage:
    """The page; the same for every store.

    Raises
    ------
    ReviewError
        If the script was not built.
    """
    if not SCRIPT.exists():
        raise ReviewError("the script of the live atlas is not built", "run `make web`, which needs Node.js")
    made = environment()
    return BrowserPage(made.get_template("review.html").render(), review_policy(str(made.globals["style"])))
