"""The atlas' own pages, served to those who were let in, with a way from each specimen to its review."""

from http import HTTPStatus
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from napari_finercam.web.guard import Refusal
from napari_finercam.web.links import Links

COOKIE = "finercam-atlas"
_BODY = b"<body data-page="


class AtlasPages:
    """Files of an atlas; a cookie, which nothing but these pages gets, stands for the token of the link.

    Parameters
    ----------
    folder : Path
    links : Links
    """

    def __init__(self, folder: Path, links: Links) -> None:
        self._folder, self._links = folder.resolve(), links
        self._files = StaticFiles(directory=folder, html=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if self._links.reviewer(Request(scope).cookies.get(COOKIE, "")) is None:
            raise Refusal(HTTPStatus.UNAUTHORIZED, "Open the review by its link first, then this page.")
        page = self._page(scope)
        if page is None:
            await self._files(scope, receive, send)
        else:
            await Response(page, media_type="text/html")(scope, receive, send)

    def _page(self, scope: Scope) -> bytes | None:
        """A page of the atlas with the address of the review in it; None for any other file."""
        path = (self._folder / self._files.get_path(scope)).resolve()
        path = path / "index.html" if path.is_dir() else path
        if path.suffix != ".html" or not path.is_relative_to(self._folder) or not path.is_file():
            return None
        return path.read_bytes().replace(_BODY, b'<body data-review="/" data-page=', 1)
