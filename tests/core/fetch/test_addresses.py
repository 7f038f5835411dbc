"""Which addresses may be asked, and how a table's addresses become ones that can be asked for."""

from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from finercam_core.fetch.checksums import function_name
from finercam_core.fetch.reasons import FetchFailure
from finercam_core.fetch.transport.guard import Guard, clean_url
from finercam_core.fetch.transport.http import retry_after

PRIVATE = ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "10.1.2.3", "192.168.0.1", "169.254.169.254", "0.0.0.0",
           "2130706433", "0x7f.1", "localhost", "[fe80::1]", "[fd00::1]", "224.0.0.1"]  # fmt: skip


@pytest.mark.parametrize("host", PRIVATE)
def test_private_hosts_are_refused_in_every_spelling(host: str) -> None:
    with pytest.raises(FetchFailure, match="may not be asked"):
        Guard().check(httpx.URL(f"http://{host}/a.jpg"))
    Guard(allow_private=True).check(httpx.URL(f"http://{host}/a.jpg"))


@pytest.mark.parametrize("address", ["ftp://127.0.0.1/a.jpg", "sftp://[::1]/a.jpg", "ftp://user@10.0.0.1:21/a.jpg"])
def test_private_hosts_are_refused_under_every_scheme(address: str) -> None:
    with pytest.raises(FetchFailure, match="allow-private"):
        Guard().check_host(address)
    Guard(allow_private=True).check_host(address)
    Guard().check_host("s3://127.0.0.1/a.jpg")  # the name of a bucket


@pytest.mark.parametrize("host", ["93.184.216.34", "[2606:2800:220:1::1]"])
def test_public_hosts_are_not(host: str) -> None:
    Guard().check(httpx.URL(f"https://{host}/a.jpg"))


@pytest.mark.parametrize("scheme", ["file", "ftp", "gopher", "data"])
def test_other_schemes_are_never_allowed(scheme: str) -> None:
    with pytest.raises(FetchFailure, match="scheme"):
        Guard(allow_private=True).check(httpx.URL(f"{scheme}://example.org/a.jpg"))


def answer(peer: str, **headers: str) -> httpx.Response:
    stream = SimpleNamespace(get_extra_info=lambda _: (peer, 80))
    request = httpx.Request("GET", "http://example.org/a.jpg")
    return httpx.Response(200, request=request, headers=headers, extensions={"network_stream": stream})


def test_the_machine_that_answers_is_judged_whatever_its_name_stood_for() -> None:
    with pytest.raises(FetchFailure, match=r"10\.0\.0\.1"):
        Guard().check_peer(answer("10.0.0.1"))
    Guard().check_peer(answer("93.184.216.34"))


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("https://h.org/INHS #1.jpg", "/INHS%20%231.jpg"),
        ("https://h.org/a#b#c.PNG", "/a%23b%23c.PNG"),
        ("https://h.org/a.jpg#canvas", "/a.jpg"),
        ("https://h.org/é.jpg?size=full", "/%C3%A9.jpg?size=full"),
        ("https://h.org/%C3%A9.jpg", "/%C3%A9.jpg"),
    ],
)
def test_addresses_are_encoded_once(text: str, path: str) -> None:
    assert clean_url(text).raw_path.decode() == path


@pytest.mark.parametrize("text", ["http://h.org:port/", "http://a b.org/\x00"])
def test_what_is_no_address_is_said(text: str) -> None:
    with pytest.raises(FetchFailure, match="is not an address"):
        clean_url(text)


@pytest.mark.parametrize(
    ("value", "seconds"), [("7", 7.0), ("", 0.0), ("soon", 0.0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0), ("-3", 0.0)]
)
def test_retry_after_is_a_number_or_a_date(value: str, seconds: float) -> None:
    assert retry_after(answer("", **{"Retry-After": value})) == seconds


@pytest.mark.parametrize(
    ("name", "length", "found"),
    [
        ("MD5", 32, "md5"), ("sha-256", 64, "sha256"), ("SHA_512", 128, "sha512"), ("", 40, "sha1"), ("", 33, ""),
        ("md5", 64, ""), ("crc32", 8, ""), ("shake_128", 32, ""),
    ],
)  # fmt: skip
def test_names_of_hash_functions(name: str, length: int, found: Any) -> None:
    assert function_name(name, "a" * length) == found
    assert function_name(name, "z" * length) == ""
