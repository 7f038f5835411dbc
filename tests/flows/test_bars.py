"""Titles of progress bars are text, shown letter by letter, so that nobody may write markup in them."""

import re
from pathlib import Path

import finercam_flows

TITLE = re.compile(r"(?:add_task|run_bar|RunBar)\(\s*f?[\"'](.*?)[\"']")


def test_no_title_of_a_bar_has_markup() -> None:
    sources = [path.read_text(encoding="utf-8") for path in Path(finercam_flows.__file__).parent.rglob("*.py")]
    titles = [title for text in sources for title in TITLE.findall(text)]
    assert len(titles) > 5
    assert not [title for title in titles if "[" in title]
