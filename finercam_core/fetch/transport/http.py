"""One GET into a partial file: redirects judged hop by hop, partial files resumed, every fault given its reason."""

import email.utils
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import httpx

from finercam_core.fetch.reasons import FetchFailure, Reason
from finercam_core.fetch.records import Answer, RemoteFile
from finercam_core.fetch.settings import FetchSettings
from finercam_core.fetch.transport.guard import Guard, clean_url
from finercam_core.fetch.transport.hosts import Hosts
from finercam_core.fetch.transport.partial import Allowance, Partial, receive, version_of

HOPS = 8
# Not text/plain: careless hosts send images as that, and the hub sends small files so.
_TEXTS = ("text/html", "text/xml", "application/json", "application/xml", "application/xhtml", "application/pdf")


class Downloader:
    """Asks http servers for files; may be used from many threads.

    Parameters
    ----------
    settings : FetchSettings
        Timeouts, limits and the user agent.
    hosts : Hosts
        Slots and pauses of each host.
    """

    def __init__(self, settings: FetchSettings, hosts: Hosts) -> None:
        self._settings = settings
        self._hosts = hosts
        self.guard = Guard(allow_private=settings.allow_private)
        self._client = httpx.Client(
            # Ranges are of the bytes as sent, so nothing may be packed on the way.
            headers={"User-Agent": settings.user_agent, "Accept": "image/*,*/*;q=0.1", "Accept-Encoding": "identity"},
            timeout=httpx.Timeout(settings.read_timeout, connect=settings.connect_timeout, pool=None),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=settings.workers),
            follow_redirects=False,
        )

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def get(self, remote: RemoteFile, partial: Partial, allowance: Allowance) -> Answer:
        """Ask once for a file, or for the rest of it.

        Raises
        ------
        FetchFailure
            With the reason; `retry` says whether it may be asked again.
        Stopped
            The run ends.
        """
        with _reasons():
            request = self._client.build_request(
                "GET", clean_url(remote.address), headers={**remote.headers, **partial.headers()}
            )
            for _ in range(HOPS + 1):
                following = self._ask(request, remote, partial, allowance)
                if isinstance(following, Answer):
                    return following
                request = following
        raise FetchFailure(Reason.REDIRECTS, f"more than {HOPS} redirects, the last to {request.url}")

    def _ask(
        self, request: httpx.Request, remote: RemoteFile, partial: Partial, allowance: Allowance
    ) -> httpx.Request | Answer:
        self.guard.check(request.url)
        with self._hosts.slot(request.url.host):
            response = self._client.send(request, stream=True)
            try:
                self.guard.check_peer(response)
                self._hosts.heard(request.url.host, answered=True)
                return response.next_request or self._take(response, remote, partial, allowance)
            finally:
                response.close()

    def _take(self, response: httpx.Response, remote: RemoteFile, partial: Partial, allowance: Allowance) -> Answer:
        self._judge_status(response, partial)
        _judge_type(response)
        resumed = response.status_code == httpx.codes.PARTIAL_CONTENT
        with self._file(response, partial) as file:
            _judge_length(response, file.tell(), allowance)
            # A server that packs the bytes all the same is unpacked; its partial files cannot be resumed.
            packed = "Content-Encoding" in response.headers
            with _broken_body():
                size = receive(response.iter_bytes() if packed else response.iter_raw(), file, allowance)
        whole = response.headers.get("Content-Range", "").strip().rpartition("/")[2]
        if whole.isdecimal() and size < int(whole):
            raise FetchFailure(Reason.WRONG_LENGTH, f"{size:,} bytes came of {int(whole):,}")
        if remote.size is not None and size != remote.size:
            partial.discard()
            raise FetchFailure(Reason.WRONG_LENGTH, f"{size:,} bytes came, {remote.size:,} were promised")
        headers = response.headers
        return Answer(str(response.url), headers.get("ETag", ""), headers.get("Last-Modified", ""), resumed)

    @contextmanager
    def _file(self, response: httpx.Response, partial: Partial) -> Iterator[IO[bytes]]:
        partly = response.status_code == httpx.codes.PARTIAL_CONTENT
        span = response.headers.get("Content-Range", "").strip()
        # Some servers answer 206 to everything: where no part was asked for, this is the beginning or the whole.
        unasked = partly and "Range" not in response.request.headers and (not span or span.startswith("bytes 0-"))
        if not partly or unasked:
            opened = partial.begin("" if unasked and not span else version_of(response))
        elif partial.continues(response):
            opened = partial.go_on()
        else:
            partial.discard()
            what = "does not say which part it is" if not span else "belongs to another version of the file"
            raise FetchFailure(Reason.CONNECTION, f"the rest that came {what}")
        with opened as file:
            yield file

    def _judge_status(self, response: httpx.Response, partial: Partial) -> None:
        code = response.status_code
        if code in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT):
            return
        status = f"{code} {response.reason_phrase}".strip()
        if code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            partial.discard()
            raise FetchFailure(Reason.CONNECTION, status)
        if code in (httpx.codes.NOT_FOUND, httpx.codes.GONE):
            raise FetchFailure(Reason.NOT_FOUND, status)
        busy = code in (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE)
        wait = retry_after(response) if busy else 0.0
        if wait > self._settings.patience:
            raise FetchFailure(Reason.BUSY, f"{status}, come back in {wait:.0f} s", retry=False)
        if wait:
            self._hosts.pause(response.request.url.host, wait)
        if code == httpx.codes.TOO_MANY_REQUESTS:
            raise FetchFailure(Reason.BUSY, status, wait=wait)
        if code >= 500 or code in (httpx.codes.REQUEST_TIMEOUT, httpx.codes.TOO_EARLY):
            raise FetchFailure(Reason.SERVER_ERROR, status, wait=wait)
        raise FetchFailure(Reason.REFUSED, status)


def retry_after(response: httpx.Response) -> float:
    """Seconds that a server asks to wait, given as a number or as a date; 0 when it does not say."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _judge_type(response: httpx.Response) -> None:
    kind = response.headers.get("Content-Type", "").strip().lower()
    if kind.startswith(_TEXTS):
        raise FetchFailure(Reason.WRONG_TYPE, f"its type is {kind.split(';')[0]}")


def _judge_length(response: httpx.Response, before: int, allowance: Allowance) -> None:
    length = response.headers.get("Content-Length", "")
    if length.isdecimal() and before + int(length) > allowance.max_bytes:
        detail = f"{before + int(length):,} bytes are announced, {allowance.max_bytes:,} are allowed"
        raise FetchFailure(Reason.TOO_MANY_BYTES, detail)


@contextmanager
def _broken_body() -> Iterator[None]:
    try:
        yield
    except httpx.RemoteProtocolError as error:
        raise FetchFailure(Reason.WRONG_LENGTH, str(error)) from error


@contextmanager
def _reasons() -> Iterator[None]:
    """Give what httpx raises its reason."""
    try:
        yield
    except httpx.TimeoutException as error:
        raise FetchFailure(Reason.TIMEOUT, type(error).__name__) from error
    except httpx.UnsupportedProtocol as error:
        raise FetchFailure(Reason.NOT_ALLOWED, str(error)) from error
    except httpx.ConnectError as error:
        # A certificate that does not hold now will not hold in a second.
        raise FetchFailure(Reason.CONNECTION, str(error), retry="CERTIFICATE" not in str(error).upper()) from error
    except httpx.TransportError as error:
        raise FetchFailure(Reason.CONNECTION, str(error) or type(error).__name__) from error
    except (httpx.InvalidURL, httpx.RequestError) as error:
        raise FetchFailure(Reason.CONNECTION, str(error), retry=False) from error
