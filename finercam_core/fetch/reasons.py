"""Why an image was not fetched: a code for tables, a sentence for people, and whether to ask again."""

from enum import StrEnum

from finercam_core.errors import FinercamError
from finercam_core.redaction import without_secrets
from finercam_core.status import Status


class Reason(StrEnum):
    """Cause of a failure, as in the column `reason` of the log of failures."""

    OUTSIDE_COLLECTION = "OUTSIDE_COLLECTION"
    NOT_ALLOWED = "NOT_ALLOWED"
    NOT_FOUND = "NOT_FOUND"
    REFUSED = "REFUSED"
    REDIRECTS = "REDIRECTS"
    WRONG_TYPE = "WRONG_TYPE"
    TOO_MANY_BYTES = "TOO_MANY_BYTES"
    WRONG_CHECKSUM = "WRONG_CHECKSUM"
    NOT_AN_IMAGE = "NOT_AN_IMAGE"
    TRUNCATED = "TRUNCATED"
    TOO_SMALL = "TOO_SMALL"
    TOO_LARGE = "TOO_LARGE"
    UNREADABLE = "UNREADABLE"
    REJECTED_ROW = "REJECTED_ROW"
    SERVER_ERROR = "SERVER_ERROR"
    BUSY = "BUSY"
    TIMEOUT = "TIMEOUT"
    CONNECTION = "CONNECTION"
    HOST_UNKNOWN = "HOST_UNKNOWN"
    WRONG_LENGTH = "WRONG_LENGTH"
    HOST_GIVEN_UP = "HOST_GIVEN_UP"

    @property
    def passing(self) -> bool:
        """Whether the cause may go away by itself, so that the next run asks again."""
        return self in _PASSING

    @property
    def silent(self) -> bool:
        """Whether the host gave no answer at all."""
        return self in (Reason.TIMEOUT, Reason.CONNECTION, Reason.HOST_UNKNOWN)

    @property
    def sentence(self) -> str:
        """The reason in words."""
        return _SENTENCES[self]


_PASSING = frozenset((
    Reason.SERVER_ERROR, Reason.BUSY, Reason.TIMEOUT, Reason.CONNECTION, Reason.HOST_UNKNOWN, Reason.WRONG_LENGTH,
    Reason.HOST_GIVEN_UP,
))  # fmt: skip
_SENTENCES = {
    Reason.OUTSIDE_COLLECTION: "the path leaves the collection",
    Reason.NOT_ALLOWED: "the address may not be asked",
    Reason.NOT_FOUND: "the file is not there",
    Reason.REFUSED: "the server refused",
    Reason.REDIRECTS: "the server redirects without end",
    Reason.WRONG_TYPE: "the server sent something other than an image",
    Reason.TOO_MANY_BYTES: "the file is larger than allowed or announced",
    Reason.WRONG_CHECKSUM: "the content does not match its checksum",
    Reason.NOT_AN_IMAGE: Status.NOT_AN_IMAGE.sentence,
    Reason.TRUNCATED: Status.TRUNCATED.sentence,
    Reason.TOO_SMALL: Status.TOO_SMALL.sentence,
    Reason.TOO_LARGE: Status.TOO_LARGE.sentence,
    Reason.UNREADABLE: Status.UNREADABLE.sentence,
    Reason.REJECTED_ROW: "the catalog's row could not be used",
    Reason.SERVER_ERROR: "the server failed",
    Reason.BUSY: "the server is busy",
    Reason.TIMEOUT: "the server did not answer in time",
    Reason.CONNECTION: "the connection broke",
    Reason.HOST_UNKNOWN: "the host's name is not known",
    Reason.WRONG_LENGTH: "fewer bytes came than were announced",
    Reason.HOST_GIVEN_UP: "not asked, because the host had not answered for many images in a row",
}


class FetchFailure(FinercamError):  # noqa: N818 - an outcome that is logged, seldom raised to the user
    """One image could not be fetched.

    Parameters
    ----------
    reason : Reason
        The cause.
    detail : str
        Its values: the status code, the two checksums, the type that was sent.
    wait : float
        Seconds that the server asked to wait before the next attempt.
    retry : bool, optional
        Whether to try again in this run; by default if the cause may go away by itself.
    """

    def __init__(self, reason: Reason, detail: str = "", *, wait: float = 0.0, retry: bool | None = None) -> None:
        self.reason = reason
        self.detail = without_secrets(detail)
        self.wait = wait
        self.retry = reason.passing if retry is None else retry
        super().__init__(reason.sentence, detail)


class Stopped(Exception):  # noqa: N818 - not an error
    """The run was asked to stop while this image was on its way."""
