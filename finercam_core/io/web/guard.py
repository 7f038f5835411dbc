"""Which addresses may be requested: http and https, nothing on this machine or its network unless allowed."""

import ipaddress
import re
import socket
from urllib.request import getproxies, proxy_bypass

import httpx

from finercam_core.errors import FinercamError
from finercam_core.permissions import private_allowed

# In the others, the place of the host is that of a bucket or a repository.
_WITH_HOSTS = ("ftp", "sftp", "http", "https")
_NAME_AFTER_HASH = re.compile(r"\.(?:jpe?g|png|tiff?|webp|gif|bmp|jp2)$", re.IGNORECASE)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressError(FinercamError):
    """An address may not be asked; `unknown` where nothing stands behind its name."""

    def __init__(self, problem: str, remedy: str = "", *, unknown: bool = False) -> None:
        self.unknown = unknown
        super().__init__(problem, remedy)


def web_address(text: str) -> httpx.URL:
    """Address of an image as a table has it, ready to be asked for.

    Spaces and other characters are encoded, and `&amp;`, as the source of a page has it, is `&`. A `#` starts a
    fragment, which no server sees, unless an image's ending follows it: then it belongs to the name and is encoded too.

    Raises
    ------
    AddressError
        If it is not a URL.
    """
    text = text.replace("&amp;", "&")
    before, mark, after = text.partition("#")
    if mark and _NAME_AFTER_HASH.search(after):
        text = f"{before}%23{after.replace('#', '%23')}"
    try:
        return httpx.URL(text)
    except (httpx.InvalidURL, UnicodeError) as error:
        raise AddressError(f"{text} is not an address: {error}") from error


class WebGuard:
    """Checks addresses before they are requested, and the machine that answered before its answer is read.

    Parameters
    ----------
    allow_private : bool, optional
        Whether loopback, private and link-local addresses are allowed; by default if `private_allowed`.
    """

    def __init__(self, *, allow_private: bool | None = None) -> None:
        self.allow_private = private_allowed() if allow_private is None else allow_private
        self._safe: set[str] = set()

    def check(self, url: httpx.URL) -> None:
        """Refuse other schemes than http and https, and hosts that stand for a private address.

        Raises
        ------
        AddressError
        """
        if url.scheme not in ("http", "https"):
            raise AddressError(f"{url.scheme or 'no'} scheme in {url}; only http and https are")
        self._check_host(url, str(url))

    def check_host(self, address: str) -> None:
        """Refuse an address of any scheme whose host stands for a private address; one without a host passes.

        Raises
        ------
        AddressError
        """
        url = web_address(address)
        if url.scheme in _WITH_HOSTS:
            self._check_host(url, address)

    def check_peer(self, response: httpx.Response) -> None:
        """Refuse an answer from a private address, whatever the name servers said before.

        Raises
        ------
        AddressError
        """
        stream = response.extensions.get("network_stream")
        if self.allow_private or stream is None or _proxied(response.request.url):
            return
        peer = stream.get_extra_info("server_addr")
        if peer:
            _refuse_private(str(peer[0]), str(response.request.url))

    def _check_host(self, url: httpx.URL, shown: str) -> None:
        if not url.host:
            raise AddressError(f"{shown} names no host")
        if self.allow_private or url.host in self._safe:
            return
        for number in _addresses(url):
            _refuse_private(number, shown)
        self._safe.add(url.host)


def _refuse_private(address: str, shown: str) -> None:
    number = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    for meant in (number, *_within(number)):
        if meant.is_multicast or not meant.is_global:
            detail = f"{shown} stands for {meant}, an address of this machine or a private network"
            raise AddressError(detail, "allow it with --allow-private")


def _within(number: _IPAddress) -> list[_IPAddress]:
    """IPv4 addresses in an IPv6 address: mapped, of 6to4, of Teredo, of NAT64 (RFC 4291, 3056, 4380, 6052)."""
    if isinstance(number, ipaddress.IPv4Address):
        return []
    teredo = number.teredo or ()
    nat64 = ipaddress.IPv4Address(int(number) & 0xFFFFFFFF) if number in _NAT64 else None
    return [found for found in (number.ipv4_mapped, number.sixtofour, *teredo[1:], nat64) if found is not None]


def _addresses(url: httpx.URL) -> list[str]:
    """Addresses of a host; through a proxy names are the proxy's affair, and only literal addresses are known."""
    flags = socket.AI_NUMERICHOST if _proxied(url) else 0
    try:
        found = socket.getaddrinfo(url.host, url.port or 443, type=socket.SOCK_STREAM, flags=flags)
    except (OSError, UnicodeError) as error:
        if flags:
            return []
        raise AddressError(f"{url.host} ({error})", unknown=True) from error
    return [str(entry[4][0]) for entry in found]


def _proxied(url: httpx.URL) -> bool:
    proxies = getproxies()
    return bool(proxies.get(url.scheme) or proxies.get("all")) and not proxy_bypass(url.host)
