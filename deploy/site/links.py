"""Links from pages to files of the repository outside docs/ become plain text on the site, which does not have them."""

import re
from pathlib import Path
from typing import Any

_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(((?:\.\./)+[^)\s]*)\)")


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Replace the links of a page that leave the folder of the pages; one that leads nowhere at all ends the build."""
    docs, folder = Path(config["docs_dir"]), Path(page.file.abs_src_path).parent

    def plain(match: re.Match[str]) -> str:
        target = (folder / match[2].partition("#")[0]).resolve()
        if docs.resolve() in (target, *target.parents):
            return match[0]
        if not target.exists():
            raise FileNotFoundError(f"{page.file.src_path} links to {match[2]}, which does not exist")
        return match[1]

    return _LINK.sub(plain, markdown)
