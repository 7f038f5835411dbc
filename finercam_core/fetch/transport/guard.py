"""The guard of `finercam_core.io.web`, whose refusals are failures of a fetch, each with its reason."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from finercam_core.fetch.reasons import FetchFailure, Reason
from finercam_core.io.web.guard import AddressError, WebGuard, web_address


def clean_url(text: str) -> httpx.URL:
    """As `web_address`; raises `FetchFailure` if it is not a URL."""
    with _failures():
        return web_address(text)


class Guard(WebGuard):
    """As `WebGuard`; raises `FetchFailure`, NOT_ALLOWED or HOST_UNKNOWN."""

    def check(self, url: httpx.URL) -> None:
        """Refuse other schemes than http and https, and hosts that stand for a private address."""
        with _failures():
            super().check(url)

    def check_host(self, address: str) -> None:
        """Refuse an address of any scheme whose host stands for a private address; one without a host passes."""
        with _failures():
            super().check_host(address)

    def check_peer(self, response: httpx.Response) -> None:
        """Refuse an answer from a private address, whatever the name servers said before."""
        with _failures():
            super().check_peer(response)


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except AddressError as error:
        detail = "; ".join(filter(None, (error.problem, error.remedy)))
        raise FetchFailure(Reason.HOST_UNKNOWN if error.unknown else Reason.NOT_ALLOWED, detail) from error
