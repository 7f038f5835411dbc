"""Archives whose core is an event: media are brought to the occurrences of the event."""

import pandas as pd

from finercam_core.errors import counted
from finercam_core.io.raw_tables import RawTable


def occurrences_of_events(occurrences: RawTable) -> RawTable:
    """Occurrences of an extension under ids of their own; the id of their event is kept as `#event`."""
    frame = occurrences.frame
    own = frame.get("occurrenceID", pd.Series("", index=frame.index)).str.strip()
    made = frame["#id"] + " occurrence " + frame.index.astype(str)
    ids = own.where((own != "") & ~own.duplicated(keep=False), made)
    return RawTable(
        occurrences.name, frame.assign(**{"#event": frame["#id"], "#id": ids}), occurrences.broken, occurrences.notices
    )


def media_of_occurrences(media: RawTable, occurrences: RawTable) -> RawTable:
    """Media of events as media of occurrences: by their occurrenceID, or where all of the event are of one species.

    Parameters
    ----------
    media : RawTable
        With `#id`, the event's.
    occurrences : RawTable
        From `occurrences_of_events`.

    Returns
    -------
    RawTable
        With `#id`, the occurrence's; media of events with several species are among its broken rows.
    """
    frame, known = media.frame, occurrences.frame
    by_event = known.groupby("#event")
    species, first = by_event["scientificName"].nunique(), by_event["#id"].first()
    own = frame.get("occurrenceID", pd.Series("", index=frame.index)).str.strip()
    count = frame["#id"].map(species).fillna(0).astype(int)
    ids = own.where(own != "", frame["#id"].map(first).fillna(frame["#id"]))
    several = (own == "") & (count > 1)
    reasons = {int(i): f"its event has {counted(int(count[i]), 'species', 'species')}" for i in frame.index[several]}
    kept = frame.assign(**{"#id": ids})[~several]
    return RawTable(media.name, kept, [*media.broken, *reasons.items()], media.notices)
