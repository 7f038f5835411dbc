"""What stands at an address, into memory: guarded at every hop, with limits of bytes and of time."""

import atexit
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import IO

import fsspec
import httpx

from finercam_core import __version__
from finercam_core.errors import FinercamError
from finercam_core.io.addresses import REMOTE, is_remote, scheme_of
from finercam_core.io.web.guard import AddressError, WebGuard, web_address
from finercam_core.io.web.logins import login_for
from finercam_core.permissions import private_allowed

HOPS = 8
_BLOCK = 1 << 18


@dataclass(frozen=True)
class DownloadLimits:
    """Bounds of one download: bytes, seconds for all of it, and seconds without a byte."""

    max_bytes: int = 256_000_000
    total_seconds: float = 120.0
    silent_seconds: float = 30.0


DOWNLOAD_LIMITS = DownloadLimits()


class DownloadError(FinercamError):
    """An address cannot be read; `missing` where its server says that nothing is there."""

    def __init__(self, problem: str, remedy: str = "", *, missing: bool = False, too_large: bool = False) -> None:
        self.missing, self.too_large = missing, too_large
        super().__init__(problem, remedy)


def check_remote(address: str) -> None:
    """Refuse an address that is not one of a remote store: a local file, however it is dressed.

    Raises
    ------
    AddressError
    """
    if not is_remote(address):
        raise AddressError(f"{address} is not the address of a remote store", f"use one of {', '.join(REMOTE)}")


def download(address: str, limits: DownloadLimits = DOWNLOAD_LIMITS) -> bytes:
    """The content that stands at an address.

    Parameters
    ----------
    address : str
        http, https, or a store that fsspec opens (s3, gs, hf, …).
    limits : DownloadLimits

    Raises
    ------
    AddressError
        If it may not be asked.
    DownloadError
        If it is not there, too large, too slow, or its server does not answer.
    """
    check_remote(address)
    end = time.monotonic() + limits.total_seconds
    if scheme_of(address) in ("http", "https"):
        return _from_web(web_address(address), limits, end)
    _guard(private_allowed()).check_host(address)
    return _from_store(address, limits, end)


def _from_web(url: httpx.URL, limits: DownloadLimits, end: float) -> bytes:
    guard, client = _guard(private_allowed()), _client(os.getpid())
    request = client.build_request("GET", url, timeout=httpx.Timeout(limits.silent_seconds, connect=10.0))
    try:
        for _ in range(HOPS + 1):
            guard.check(request.url)
            response = client.send(request, stream=True, auth=login_for(request.url))
            try:
                guard.check_peer(response)
                if response.next_request is None:
                    return _content(response, limits, end)
                request = response.next_request
            finally:
                response.close()
    except httpx.HTTPError as error:
        raise DownloadError(f"{url.host} did not answer: {type(error).__name__}", "try again later") from error
    raise DownloadError(f"{url.host} redirects without end", "correct the address")


def _content(response: httpx.Response, limits: DownloadLimits, end: float) -> bytes:
    code = response.status_code
    if code != httpx.codes.OK:
        gone = code in (httpx.codes.NOT_FOUND, httpx.codes.GONE)
        raise DownloadError(f"{response.url.host} answers {code} {response.reason_phrase}".strip(), missing=gone)
    announced = response.headers.get("Content-Length", "")
    _judge_size(int(announced) if announced.isdecimal() else None, limits)
    return b"".join(_within(response.iter_bytes(), limits, end))


def _from_store(address: str, limits: DownloadLimits, end: float) -> bytes:
    try:
        with fsspec.open(address, "rb") as file:
            _judge_size(getattr(file, "size", None), limits)
            return b"".join(_within(_blocks(file), limits, end))
    except FileNotFoundError as error:
        raise DownloadError(f"there is nothing at {address}", missing=True) from error
    except FinercamError:
        raise
    except Exception as error:  # fsspec's back ends raise whatever their client raises
        raise DownloadError(f"{address} cannot be read: {type(error).__name__}: {error}") from error


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    while block := file.read(_BLOCK):
        yield block


def _within(blocks: Iterable[bytes], limits: DownloadLimits, end: float) -> Iterator[bytes]:
    size = 0
    for block in blocks:
        size += len(block)
        if size > limits.max_bytes:
            raise _too_large(size, limits)
        if time.monotonic() > end:
            raise DownloadError(f"it did not come within {limits.total_seconds:g} s", "fetch the images first")
        yield block


def _judge_size(size: int | None, limits: DownloadLimits) -> None:
    if size is not None and size > limits.max_bytes:
        raise _too_large(size, limits)


def _too_large(size: int, limits: DownloadLimits) -> DownloadError:
    problem = f"{size:,} bytes or more would come, at most {limits.max_bytes:,} are taken"
    return DownloadError(problem, "fetch the images first", too_large=True)


@lru_cache(maxsize=2)
def _guard(allow_private: bool) -> WebGuard:
    return WebGuard(allow_private=allow_private)


@lru_cache(maxsize=1)
def _client(_process: int) -> httpx.Client:
    """One client a process: connections are not shared with a process that was forked."""
    agent = f"finercam/{__version__} (specimen images for research)"
    headers = {"User-Agent": agent, "Accept": "image/*,*/*;q=0.1", "Accept-Encoding": "identity"}
    client = httpx.Client(headers=headers, follow_redirects=False)
    atexit.register(client.close)
    return client
