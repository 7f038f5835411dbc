"""The addresses of the review in a browser, and what each answers."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import asdict
from http import HTTPStatus
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from finercam_core.errors import FinercamError, ReviewError
from finercam_core.report.review_page import SCRIPT, review_page
from finercam_core.review.intake import DraftForm, VerdictForm, read_form
from napari_finercam.session.queue import Selection
from napari_finercam.web.atlas_pages import COOKIE, AtlasPages
from napari_finercam.web.desk import Desk
from napari_finercam.web.guard import OriginGuard, Refusal
from napari_finercam.web.room import ReviewRoom

Answer = Callable[[Request, Desk], Response]


class ReviewApp:
    """Answers the page's requests; each names its reviewer by the token of the link.

    Parameters
    ----------
    room : ReviewRoom
    """

    def __init__(self, room: ReviewRoom) -> None:
        self._room = room
        self._page = review_page()

    def routes(self) -> list[BaseRoute]:
        """All addresses."""
        asked = {"session": self.session, "queue": self.queue, "specimen": self.specimen, "changes": self.changes}
        routes: list[BaseRoute] = [Route("/", self.page), Route(f"/{SCRIPT.name}", self.script)]
        routes += [Route(f"/api/{name}", self._answering(answer)) for name, answer in asked.items()]
        routes += [
            Route("/api/photo", self._answering(self.photo)),
            Route("/api/draft", self._writing(self.draft), methods=["PUT"]),
            Route("/api/verdict", self._writing(self.verdict), methods=["POST"]),
        ]
        if self._room.atlas is not None:
            routes += [Route("/atlas", lambda _: RedirectResponse("atlas/index.html"))]
            routes += [Mount("/atlas", AtlasPages(self._room.atlas, self._room.links))]
        return routes

    async def page(self, _: Request) -> Response:
        """The page itself: the same for everybody, and without a single word of the collection."""
        headers = {"Content-Security-Policy": self._page.policy}
        return Response(self._page.text, media_type="text/html", headers=headers)

    async def script(self, _: Request) -> Response:
        """The script of the live atlas."""
        return Response(SCRIPT.read_bytes(), media_type="text/javascript")

    def _desk(self, request: Request) -> Desk:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        desk = self._room.desk(token) if scheme.lower() == "bearer" else None
        if desk is None:
            raise Refusal(HTTPStatus.UNAUTHORIZED, "This link is not valid here. Ask for a new one.")
        return desk

    def _answering(self, answer: Answer) -> Callable[[Request], object]:
        async def respond(request: Request) -> Response:
            desk = self._desk(request)
            return await run_in_threadpool(answer, request, desk)

        return respond

    def _writing(self, write: Callable[[bytes, Desk], Response]) -> Callable[[Request], object]:
        async def respond(request: Request) -> Response:
            desk = self._desk(request)
            return await run_in_threadpool(write, await request.body(), desk)

        return respond

    def session(self, request: Request, desk: Desk) -> Response:
        """What holds for the whole review; lets the reviewer's browser read the atlas, too."""
        response = JSONResponse(asdict(self._room.facts(desk)))
        if self._room.atlas is not None:
            token = request.headers["authorization"].partition(" ")[2]
            secure = request.headers.get("origin", "").startswith("https:")
            response.set_cookie(COOKIE, token, path="/atlas", httponly=True, samesite="strict", secure=secure)
        return response

    def queue(self, request: Request, desk: Desk) -> Response:
        """The specimens of a selection."""
        asked = {name: value for name, value in request.query_params.items() if name in Selection.__dataclass_fields__}
        selection = Selection(**asked)
        facts = self._room.facts(desk)
        if selection.only not in facts.filters or selection.order not in facts.orders:
            raise Refusal(HTTPStatus.BAD_REQUEST, "There is no such filter or order.")
        return JSONResponse(asdict(desk.select(selection)))

    def specimen(self, request: Request, desk: Desk) -> Response:
        """One specimen."""
        return JSONResponse(asdict(desk.specimen(request.query_params.get("id", ""))))

    def photo(self, request: Request, _: Desk) -> Response:
        """Its photograph."""
        return Response(self._room.photographs.jpeg(request.query_params.get("id", "")), media_type="image/jpeg")

    def changes(self, request: Request, desk: Desk) -> Response:
        """What this reviewer may know of what others, and the same one elsewhere, have done since."""
        since = request.query_params.get("since", "0")
        count = int(since) if since.isascii() and since.isdigit() and len(since) < 12 else 0
        return JSONResponse(asdict(desk.changes(request.query_params.get("boot", ""), count)))

    def draft(self, body: bytes, desk: Desk) -> Response:
        """Keep a draft; the answer comes when it is on the disk."""
        desk.keep_draft(read_form(DraftForm, body))
        return Response(status_code=HTTPStatus.NO_CONTENT)

    def verdict(self, body: bytes, desk: Desk) -> Response:
        """Keep a verdict; the answer comes when it is on the disk."""
        return JSONResponse(asdict(desk.decide(read_form(VerdictForm, body))), HTTPStatus.CREATED)


async def _say(_: Request, error: Exception) -> Response:
    """An error of ours as a sentence; the page shows it as text."""
    if isinstance(error, Refusal):
        return JSONResponse({"problem": error.sentence, "remedy": ""}, error.status)
    if isinstance(error, FinercamError):
        status = HTTPStatus.CONFLICT if isinstance(error, ReviewError) else HTTPStatus.NOT_FOUND
        return JSONResponse({"problem": error.problem, "remedy": error.remedy}, status)
    raise error


def application(room: ReviewRoom, addresses: Iterable[str]) -> ASGIApp:
    """The whole server of a review, to be reached under these addresses."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        room.close()

    handlers = {Refusal: _say, FinercamError: _say}
    inner = Starlette(routes=ReviewApp(room).routes(), lifespan=lifespan, exception_handlers=handlers)
    return OriginGuard(inner, addresses)


def atlas_folder(path: str | Path | None) -> Path | None:
    """The folder of an atlas, checked.

    Raises
    ------
    ReviewError
        If there is no atlas in it.
    """
    if path is None:
        return None
    if not Path(path, "index.html").is_file():
        raise ReviewError(f"there is no atlas in {path}", "write one with `finercam report`")
    return Path(path)
