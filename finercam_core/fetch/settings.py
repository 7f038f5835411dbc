"""How a collection's images are fetched: limits, patience, politeness."""

from typing import Annotated, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    field_validator,
    model_validator,
)

from finercam_core import __version__
from finercam_core.errors import FetchError
from finercam_core.images.limits import DEFAULT_LIMITS, Limits

AtLeastOne = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0)]
_REMEDIES = {"greater_than_equal": "give at least 1", "greater_than": "give seconds above 0"}


class FetchSettings(BaseModel):
    """Limits of a fetch; all of them apply to images and masks alike.

    Parameters
    ----------
    per_host : int
        Simultaneous requests to one host.
    workers : int
        Simultaneous requests to all hosts.
    attempts : int
        How often an image is requested if the failure may go away (5xx, 429, timeouts, broken connections).
    connect_timeout, read_timeout : float
        Seconds to wait for a connection, and for the next bytes.
    total_timeout : float
        Seconds for one image, all attempts together.
    backoff, longest_backoff : float
        Seconds before the second attempt, doubled before each further one, and their upper bound.
    patience : float
        Longest `Retry-After` in seconds to wait for; with a longer one, the image is left to a later run.
    give_up_after : int
        Consecutive images that a host may leave unanswered; then its other images are left to a later run.
    max_bytes : int
        Largest file.
    limits : Limits
        Limits of the picture's size in pixels.
    min_free : int
        Bytes that stay free on the disk.
    allow_private : bool
        Whether servers on this machine and in private networks may be asked.
    contact : str
        Mail or web address by which the owner of a server can reach whoever fetches; sent in the user agent.
    keep_bad : bool
        Keep refused files in the folder `quarantine` instead of only logging the reason.

    Raises
    ------
    FetchError
        For a number out of its range, or a contact that cannot stand in a header.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    per_host: AtLeastOne = 8
    workers: AtLeastOne = 64
    attempts: AtLeastOne = 5
    connect_timeout: Seconds = 10.0
    read_timeout: Seconds = 30.0
    total_timeout: Seconds = 600.0
    backoff: float = 1.0
    longest_backoff: float = 60.0
    patience: float = 300.0
    give_up_after: AtLeastOne = 20
    max_bytes: AtLeastOne = 512_000_000
    limits: Limits = DEFAULT_LIMITS
    min_free: int = 1_000_000_000
    allow_private: bool = False
    contact: str = ""
    keep_bad: bool = False

    @field_validator("contact")
    @classmethod
    def _fits_into_a_header(cls, contact: str) -> str:
        if not (contact.isascii() and contact.isprintable()):
            raise FetchError(f"the contact {contact!r} cannot be sent", "give a mail or web address in ASCII")
        return contact

    @model_validator(mode="wrap")
    @classmethod
    def _in_one_sentence(cls, values: object, validate: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            remedy = _REMEDIES.get(first["type"], first["msg"][0].lower() + first["msg"][1:])
            raise FetchError(f"{'.'.join(map(str, first['loc']))} is {first['input']!r}", remedy) from error

    @property
    def user_agent(self) -> str:
        """User agent that servers see."""
        return f"finercam/{__version__} (specimen images for research{'; ' * bool(self.contact)}{self.contact})"
