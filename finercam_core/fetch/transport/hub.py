"""Files of Hugging Face repositories: their addresses at one commit, and the sizes and checksums that the hub keeps."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from huggingface_hub import HfApi, HfUri, constants, get_token, hf_hub_url, parse_hf_uri
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError
from huggingface_hub.hf_api import RepoFile
from tenacity import Retrying

from finercam_core import __version__
from finercam_core.errors import FetchError
from finercam_core.fetch.checksums import GIT
from finercam_core.fetch.reasons import FetchFailure, Reason
from finercam_core.fetch.records import RemoteFile
from finercam_core.io.faults import first_line

BATCH = 500
T = TypeVar("T")


class Hub:
    """What the hub knows of the files of a run.

    The hub is asked for many paths at once, so that a file costs one request, its download; and every repository is
    read at the commit that it has when the run begins, so that no run mixes two versions of a data set.

    Parameters
    ----------
    retrying : callable
        Makes the retry policy.
    """

    def __init__(self, retrying: Callable[[], Retrying]) -> None:
        self._retrying = retrying
        self._api = HfApi(library_name="finercam", library_version=__version__)
        token = None if constants.HF_HUB_DISABLE_IMPLICIT_TOKEN else get_token()
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def locate(self, uris: Sequence[str]) -> dict[str, RemoteFile | FetchFailure]:
        """For each ``hf://`` address of an image: where to ask for it and what must come, or why it cannot be fetched.

        Raises
        ------
        FetchError
            If the hub cannot be reached, or has no such repository.
        """
        found: dict[str, RemoteFile | FetchFailure] = {}
        groups: defaultdict[tuple[str, str, str | None], dict[str, str]] = defaultdict(dict)
        for uri in uris:
            parsed = _parse(uri)
            if isinstance(parsed, FetchFailure):
                found[uri] = parsed
            else:
                groups[parsed.type, parsed.id, parsed.revision][uri] = parsed.path_in_repo
        for (kind, repository, revision), paths in groups.items():
            found |= self._repository(kind, repository, revision, paths)
        return found

    def _repository(
        self, kind: str, repository: str, revision: str | None, paths: dict[str, str]
    ) -> dict[str, RemoteFile | FetchFailure]:
        commit = str(
            self._ask(repository, lambda: self._api.repo_info(repository, repo_type=kind, revision=revision)).sha
        )
        wanted = list(dict.fromkeys(paths.values()))

        def ask(start: int) -> list[RepoFile]:
            batch = wanted[start : start + BATCH]
            answer = self._ask(
                repository, lambda: self._api.get_paths_info(repository, batch, repo_type=kind, revision=commit)
            )
            return [entry for entry in answer if isinstance(entry, RepoFile)]

        with ThreadPoolExecutor(4) as pool:
            known = {file.path: file for part in pool.map(ask, range(0, len(wanted), BATCH)) for file in part}
        missing = FetchFailure(Reason.NOT_FOUND, f"{repository} has no such file at {commit[:12]}")
        return {
            uri: self._remote_file(known[path], hf_hub_url(repository, path, repo_type=kind, revision=commit))
            if path in known
            else missing
            for uri, path in paths.items()
        }

    def _remote_file(self, file: RepoFile, address: str) -> RemoteFile:
        checksums = {"sha256": file.lfs.sha256} if file.lfs else {GIT: file.blob_id}
        return RemoteFile(address, self._headers, file.size, checksums)

    def _ask(self, repository: str, question: Callable[[], T]) -> T:
        try:
            answer: T = self._retrying()(_with_reason, question)
        except FetchFailure as error:
            where = f"{repository} on {self._api.endpoint}"
            if error.reason is Reason.NOT_FOUND:
                raise FetchError(
                    f"there is no {where}: {error.detail}", "correct the name, or log in with hf"
                ) from error
            problem = f"{where} could not be reached: {error.detail}"
            raise FetchError(problem, "check the connection and run the same command again") from error
        return answer


def _parse(uri: str) -> HfUri | FetchFailure:
    try:
        parsed = parse_hf_uri(uri)
    except ValueError as error:
        return FetchFailure(Reason.NOT_ALLOWED, first_line(error))
    if parsed.is_bucket or not parsed.path_in_repo:
        return FetchFailure(Reason.NOT_ALLOWED, f"{uri} is not a file of a repository")
    return parsed


def _with_reason(question: Callable[[], T]) -> T:
    """Ask the hub; what its client raises is given a reason, by which it is asked again or not."""
    try:
        return question()
    except (GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError) as error:
        raise FetchFailure(Reason.NOT_FOUND, first_line(error)) from error
    except HfHubHTTPError as error:
        code = error.response.status_code if error.response is not None else 500
        again = code >= 500 or code in (408, 429)
        raise FetchFailure(Reason.SERVER_ERROR, first_line(error), retry=again) from error
    except Exception as error:  # the hub's client raises whatever its transport raises
        raise FetchFailure(Reason.CONNECTION, f"{type(error).__name__}: {first_line(error)}") from error
