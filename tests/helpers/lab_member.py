"""A reviewer or an adjudicator of a lab in a process of their own: goes through their queue, and says what is kept.

``python lab_member.py STORE NAME``: a line is printed when a verdict is on the disk, before the next specimen is shown.
"""

import sys

import lab_plan
from napari_finercam.session.lab.deciding import take_regions_of, to_decide
from napari_finercam.session.review import ReviewSession


def main(location: str, name: str) -> None:
    """Judge what is left of a queue."""
    session = ReviewSession(location, name)
    index = {str(image_id): i for i, image_id in enumerate(sorted(map(str, session.store.rows.index)))}
    while not session.decision:
        image_id = session.specimen.image_id
        if session.verdicts.adjudicates:
            marked = next((one for one in to_decide(session) if one.regions), None)
            if marked is not None:
                take_regions_of(session, marked.reviewer)
            decision = "accept" if marked is not None else "reject"
        else:
            decision = lab_plan.decision(name, index[image_id])
        session.decide(decision)
        print(image_id, decision, flush=True)
        if not session.navigation.move(1):
            break
    session.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
