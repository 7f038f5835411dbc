"""Species of a store by the names that people type."""

import difflib

from finercam_core.errors import ComparisonError
from finercam_core.store import Store


def store_name(store: Store, typed: str) -> str:
    """The store's name of a species; letters' case does not matter, and an epithet alone will do if only one has it.

    Raises
    ------
    ComparisonError
        If there is no such species, with those that are written most alike; or several.
    """
    wanted = " ".join(typed.split()).casefold()
    by_case = {name.casefold(): name for name in store.species}
    if wanted in by_case:
        return by_case[wanted]
    ending = [name for folded, name in by_case.items() if folded.split()[-1] == wanted]
    if len(ending) == 1:
        return ending[0]
    close = [by_case[name] for name in difflib.get_close_matches(wanted, by_case, n=3, cutoff=0.6)]
    remedy = f"perhaps {' or '.join(ending or close)}" if ending or close else "see `finercam info STORE --species`"
    raise ComparisonError(f"{typed!r} is {'more than one species' if ending else 'no species'} of this store", remedy)
