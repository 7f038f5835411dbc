"""`python killed_at.py STEP STORE`: repair a store, and be killed before the step of the disk with that number."""

import os
import signal
import sys
from typing import Any

from finercam_core.io.disk import steps
from finercam_core.store import repair

STEPS = ("make_folder", "write_file", "copy_file", "sync_file", "rename", "remove", "sync_folder")


def main(last: int, store: str) -> None:
    """Repair the store; says how many steps it took if there are fewer."""
    taken = 0

    def counted(step: Any) -> Any:
        def do(*arguments: Any) -> Any:
            nonlocal taken
            taken += 1
            if taken == last:
                os.kill(os.getpid(), signal.SIGKILL)
            return step(*arguments)

        return do

    for name in STEPS:
        setattr(steps, name, counted(getattr(steps, name)))
    repair(store)
    print(taken)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
