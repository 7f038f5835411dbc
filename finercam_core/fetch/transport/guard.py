"""Which addresses may be requested: http and https, nothing on this machine or its network unless allowed."""

import ipaddress
import re
import socket
from urllib.request import getproxies, proxy_bypass

import httpx

from finercam_core.fetch.reasons import FetchFailure, Reason

# In the others, the place of the host is that of a bucket or a repository.
_WITH_HOSTS = ("ftp", "sftp", "http", "https")
_NAME_AFTER_HASH = re.compile(r"\.(?:jpe?g|png|tiff?|webp|gif|bmp|jp2)$", re.IGNORECASE)


def clean_url(text: str) -> httpx.URL:
    """Address of an image as a table has it, ready to be asked for.

    Spaces and other characters are encoded, and `&amp;`, as the source of a page has it, is `&`. A `#` starts a
    fragment, which no server sees, unless an image's ending follows it: then it belongs to the name and is encoded too.

    Raises
    ------
    FetchFailure
        If it is not a URL.
    """
    text = text.replace("&amp;", "&")
    before, mark, after = text.partition("#")
    if mark and _NAME_AFTER_HASH.search(after):
        text = f"{before}%23{after.replace('#', '%23')}"
    try:
        return httpx.URL(text)
    except (httpx.InvalidURL, UnicodeError) as error:
        raise FetchFailure(Reason.NOT_ALLOWED, f"{text} is not an address: {error}") from error


class Guard:
    """Checks addresses before they are requested, and the machine that answered before its answer is read.

    Parameters
    ----------
    allow_private : bool
        Whether loopback, private and link-local addresses are allowed.
    """

    def __init__(self, *, allow_private: bool = False) -> None:
        self.allow_private = allow_private
        self._safe: set[str] = set()

    def check(self, url: httpx.URL) -> None:
        """Refuse other schemes than http and https, and hosts that stand for a private address.

        Raises
        ------
        FetchFailure
            NOT_ALLOWED, or HOST_UNKNOWN.
        """
        if url.scheme not in ("http", "https"):
            raise FetchFailure(Reason.NOT_ALLOWED, f"{url.scheme or 'no'} scheme in {url}; only http and https are")
        if not url.host:
            raise FetchFailure(Reason.NOT_ALLOWED, f"{url} names no host")
        if self.allow_private or url.host in self._safe:
            return
        for address in _addresses(url):
            self._refuse_private(address, str(url))
        self._safe.add(url.host)

    def check_host(self, address: str) -> None:
        """Refuse an address of any scheme whose host stands for a private address; one without a host passes.

        Raises
        ------
        FetchFailure
            NOT_ALLOWED, or HOST_UNKNOWN.
        """
        url = clean_url(address)
        if url.scheme not in _WITH_HOSTS or self.allow_private or url.host in self._safe:
            return
        if not url.host:
            raise FetchFailure(Reason.NOT_ALLOWED, f"{address} names no host")
        for number in _addresses(url):
            self._refuse_private(number, address)
        self._safe.add(url.host)

    def check_peer(self, response: httpx.Response) -> None:
        """Refuse an answer from a private address, whatever the name servers said before.

        Raises
        ------
        FetchFailure
            NOT_ALLOWED.
        """
        stream = response.extensions.get("network_stream")
        if self.allow_private or stream is None or _proxied(response.request.url):
            return
        peer = stream.get_extra_info("server_addr")
        if peer:
            self._refuse_private(str(peer[0]), str(response.request.url))

    def _refuse_private(self, address: str, url: str) -> None:
        number = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
        number = getattr(number, "ipv4_mapped", None) or number
        if number.is_multicast or not number.is_global:
            detail = f"{url} stands for {number}, an address of this machine or a private network"
            raise FetchFailure(Reason.NOT_ALLOWED, f"{detail}; allow it with --allow-private")


def _addresses(url: httpx.URL) -> list[str]:
    """Addresses of a host; through a proxy names are the proxy's affair, and only literal addresses are known."""
    flags = socket.AI_NUMERICHOST if _proxied(url) else 0
    try:
        found = socket.getaddrinfo(url.host, url.port or 443, type=socket.SOCK_STREAM, flags=flags)
    except (OSError, UnicodeError) as error:
        if flags:
            return []
        raise FetchFailure(Reason.HOST_UNKNOWN, f"{url.host} ({error})") from error
    return [str(entry[4][0]) for entry in found]


def _proxied(url: httpx.URL) -> bool:
    proxies = getproxies()
    return bool(proxies.get(url.scheme) or proxies.get("all")) and not proxy_bypass(url.host)
