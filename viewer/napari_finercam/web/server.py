"""The server of a review: where it listens, the links that it prints, and how it ends."""

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn

from finercam_core.errors import ReviewError
from napari_finercam.web.app import application, atlas_folder
from napari_finercam.web.room import ReviewRoom

HOST, PORT = "127.0.0.1", 8770


@dataclass(frozen=True)
class Listening:
    """Where a review is served.

    Attributes
    ----------
    host : str
        Name or number of the network interface; by default this machine alone is answered.
    port : int
        0 for any free one.
    address : str
        Under which reviewers reach it, such as https://review.example.org of a proxy; "" if it is host and port.
    """

    host: str = HOST
    port: int = PORT
    address: str = ""

    @property
    def alone(self) -> bool:
        """Whether nobody but this machine can reach it."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def socket(self) -> socket.socket:
        """A socket that listens there.

        Raises
        ------
        ReviewError
            If it cannot, as where another server does.
        """
        made: socket.socket | None = None
        try:
            family = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)[0][0]
            made = socket.socket(family, socket.SOCK_STREAM)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind((self.host, self.port))
        except OSError as error:
            if made is not None:
                made.close()
            problem = f"{self.host} port {self.port} cannot be listened at: {error.strerror}"
            raise ReviewError(problem, "end the other server, or choose another with --port") from error
        return made

    def addresses(self, port: int) -> tuple[str, ...]:
        """The addresses that the server answers to, the one of the links first.

        Raises
        ------
        ReviewError
            If nobody can say under which address it is reached.
        """
        if self.address:
            parts = urlsplit(self.address)
            if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/"):
                raise ReviewError(
                    f"{self.address} is no address of a server", "give one such as https://review.example.org"
                )
            return (f"{parts.scheme}://{parts.netloc.lower()}", *self._own(port))
        if self.host in ("0.0.0.0", "::", ""):
            raise ReviewError(
                f"{self.host} is every network of this machine, and no address for a link",
                "say how reviewers reach it, such as --address http://server.museum.org:8770",
            )
        return self._own(port)

    def _own(self, port: int) -> tuple[str, ...]:
        names = [self.host, *(["localhost"] if self.alone else [])]
        return tuple(f"http://{f'[{name}]' if ':' in name else name}:{port}" for name in names)


def serve_review(
    store: str | Path,
    reviewers: Sequence[str],
    listening: Listening,
    *,
    images: str | Path | None = None,
    atlas: str | Path | None = None,
    ready: Callable[[dict[str, str]], None],
) -> None:
    """Serve the review of a store until it is stopped.

    Parameters
    ----------
    store : str or Path
        The store: a folder or a URL.
    reviewers : sequence of str
    listening : Listening
    images : str or Path, optional
        Folder of the photographs, if they have moved.
    atlas : str or Path, optional
        Folder of its atlas, to be served as well.
    ready : callable
        Called with the link of each reviewer once the server listens.

    Raises
    ------
    StoreError, ReviewError
        If the store cannot be reviewed, or the address is taken.
    """
    room = ReviewRoom(store, reviewers, images, atlas_folder(atlas))
    with listening.socket() as bound:
        addresses = listening.addresses(bound.getsockname()[1])
        config = uvicorn.Config(
            application(room, addresses), log_level="warning", access_log=False, server_header=False,
            proxy_headers=False, timeout_graceful_shutdown=3,
        )  # fmt: skip
        bound.listen(128)
        ready({name: room.links.link(addresses[0], name) for name in room.links.reviewers})
        uvicorn.Server(config).run(sockets=[bound])
