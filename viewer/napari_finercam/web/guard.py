"""What stands before every request: which names the server answers to, from which pages, and how much it reads."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 8_000_000  # bytes
_READING = ("GET", "HEAD")
_OWN_SITE = ("same-origin", "none")
HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Refusal(Exception):  # noqa: N818 - an answer to a request, not a fault
    """A request that is not taken.

    Parameters
    ----------
    status : HTTPStatus
    sentence : str
        Why, as the page shows it.
    """

    def __init__(self, status: HTTPStatus, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


class OriginGuard:
    """Refuses requests under other host names and from other origins, and bodies that are too large.

    A page elsewhere that lets its name point to this machine (DNS rebinding) sends its own name as Host; a form or a
    script elsewhere (CSRF) sends its own Origin, or none.

    Parameters
    ----------
    app : ASGI application
    addresses : iterable of str
        Under which the server is reached, such as ``http://127.0.0.1:8770``.
    """

    def __init__(self, app: ASGIApp, addresses: Iterable[str]) -> None:
        self._app = app
        self._origins = frozenset(addresses)
        self._hosts = frozenset(urlsplit(address).netloc.lower() for address in self._origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            self._check(Headers(scope=scope), scope["method"])
            await self._app(scope, _bounded(receive), with_headers)
        except Refusal as refusal:
            await PlainTextResponse(refusal.sentence, refusal.status)(scope, receive, with_headers)

    def _check(self, headers: Headers, method: str) -> None:
        if headers.get("host", "").lower() not in self._hosts:
            raise Refusal(HTTPStatus.MISDIRECTED_REQUEST, "This server is not reached under that name.")
        writing = method not in _READING
        origin = headers.get("origin")
        if (writing or origin is not None) and origin not in self._origins:
            raise Refusal(HTTPStatus.FORBIDDEN, "Only this server's own pages may ask that.")
        site = headers.get("sec-fetch-site", "none")
        if site not in _OWN_SITE and (writing or headers.get("sec-fetch-mode") != "navigate"):
            raise Refusal(HTTPStatus.FORBIDDEN, "Only this server's own pages may ask that.")
        if writing and headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Only JSON is taken.")
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit() or int(length) > LARGEST_BODY:
            raise _too_large()


def _too_large() -> Refusal:
    return Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"At most {LARGEST_BODY:,} bytes are taken at once.")


def _bounded(receive: Receive) -> Receive:
    """Receive a body whose length was not stated, no further than to the limit."""
    read = 0

    async def bounded() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > LARGEST_BODY:
            raise _too_large()
        return message

    return bounded
