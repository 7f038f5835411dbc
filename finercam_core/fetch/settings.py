"""How a collection's images are fetched: limits, patience, politeness."""

from dataclasses import dataclass

from finercam_core import __version__
from finercam_core.errors import FetchError
from finercam_core.images.decoder import DEFAULT_LIMITS, Limits

MIB = 1 << 20


@dataclass(frozen=True)
class Settings:
    """Bounds of a fetch; every one of them holds for images and masks alike.

    Parameters
    ----------
    per_host : int
        Requests that one host answers at the same time.
    workers : int
        Requests at the same time over all hosts.
    attempts : int
        How often an image is asked for when the cause may pass (5xx, 429, timeouts, broken connections).
    connect_timeout, read_timeout : float
        Seconds to wait for a connection, and for the next bytes.
    total_timeout : float
        Seconds for one image, all attempts together.
    backoff, longest_backoff : float
        Seconds before the second attempt, which double with each further one, and their bound.
    patience : float
        Longest `Retry-After`, in seconds, that is waited for; a longer one leaves the image to a later run.
    give_up_after : int
        Images in a row that a host may leave unanswered; the others of that host are left to a later run.
    max_bytes : int
        Largest file.
    limits : Limits
        Bounds of the picture in pixels.
    min_free : int
        Bytes that stay free on the disk.
    allow_private : bool
        Whether servers on this machine and in private networks may be asked.
    contact : str
        Mail or web address by which the owner of a server can reach whoever fetches; sent in the user agent.
    keep_bad : bool
        Keep what was refused in the folder `quarantine` instead of only logging the reason.

    Raises
    ------
    FetchError
        For a number out of its range, or a contact that cannot stand in a header.
    """

    per_host: int = 8
    workers: int = 64
    attempts: int = 5
    connect_timeout: float = 10.0
    read_timeout: float = 30.0
    total_timeout: float = 600.0
    backoff: float = 1.0
    longest_backoff: float = 60.0
    patience: float = 300.0
    give_up_after: int = 20
    max_bytes: int = 512 * MIB
    limits: Limits = DEFAULT_LIMITS
    min_free: int = 1024 * MIB
    allow_private: bool = False
    contact: str = ""
    keep_bad: bool = False

    def __post_init__(self) -> None:
        for name in ("per_host", "workers", "attempts", "give_up_after", "max_bytes"):
            if getattr(self, name) < 1:
                raise FetchError(f"{name} is {getattr(self, name)}", "give at least 1")
        for name in ("connect_timeout", "read_timeout", "total_timeout"):
            if not getattr(self, name) > 0:
                raise FetchError(f"{name} is {getattr(self, name)}", "give seconds above 0")
        if not (self.contact.isascii() and self.contact.isprintable()):
            raise FetchError(f"the contact {self.contact!r} cannot be sent", "give a mail or web address in ASCII")

    @property
    def user_agent(self) -> str:
        """What servers read about who asks."""
        return f"finercam/{__version__} (specimen images for research{'; ' * bool(self.contact)}{self.contact})"
