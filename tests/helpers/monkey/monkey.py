"""A monkey at a review's window: random acts from a seed, and a model in plain Python of what must be there."""

from collections import Counter
from collections.abc import Callable

import numpy as np

from finercam_core.review import read_verdicts
from monkey.accidents import Accidents
from monkey.eyes import labels_of
from monkey.marks import Marks
from monkey.verdicts import Verdicts


class Monkey(Marks, Verdicts, Accidents):
    """Acts on a window; after each act, what was on the screen for a specimen is there, on the screen or in the log."""

    def act(self) -> None:
        acts: list[tuple[int, Callable[[], None]]] = [
            (16, self.paint), (5, self.brush), (3, self.polygon), (5, self.fill), (14, self.judge), (12, self.move),
            (8, self.slide), (6, self.change), (4, self.snap), (6, self.write), (9, self.undo), (4, self.filter),
            (3, self.reopen), (2, self.close), (2, self.kill), (2, self.photographs), (2, self.disk), (3, self.look),
            (3, self.batch), (3, self.take), (3, self.jump), (3, self.retract),
        ]  # fmt: skip
        weights = np.array([weight for weight, _ in acts]) / sum(weight for weight, _ in acts)
        act = acts[int(self.random.choice(len(acts), p=weights))][1]
        self.acts.append(f"{act.__name__} {self.here}")
        act()
        self.check()

    def check(self) -> None:
        story = "\n".join([*[act for act in self.acts[:-12] if self.here in act][-40:], "…", *self.acts[-12:]])
        if self.here in self.model.notes:
            shown, wanted = self.widget.page.verdict.note.text(), self.model.notes[self.here]
            assert shown == wanted, f"{shown!r}, not {wanted!r}, after\n{story}"
        if not self.away and self.here in self.model.kept:
            np.testing.assert_array_equal(self.screen, self.model.kept[self.here], err_msg=story)
        if self.pending is None:
            np.testing.assert_array_equal(self.session.regions.labels, self.screen, err_msg="not taken, " + story)
        own = self.session.verdicts.own(self.here)
        wanted = self.model.verdicts.get(self.here, ("",))[0]
        assert ("" if own is None else own.decision) == wanted, f"{own} is not {wanted}, after\n{story}"

    def finish(self) -> None:
        """Everything comes back; then all that was ever marked is there."""
        if self.full:
            self.disk()
        if self.away:
            self.photographs()
        self.reopen()
        for image_id, labels in self.model.kept.items():
            assert self.session.navigation.go_to(image_id)
            self.widget.workbench.show_specimen()
            about = [f"{i}: {act}" for i, act in enumerate(self.acts) if image_id in act]
            np.testing.assert_array_equal(self.screen, labels, err_msg=f"{image_id} after {about}")
        found = self._last_verdicts()
        assert {name: one.decision for name, one in found.items()} == {
            name: decision for name, (decision, _) in self.model.verdicts.items()
        }
        for image_id, (_, labels) in self.model.verdicts.items():
            if labels is not None:
                np.testing.assert_array_equal(labels_of(found[image_id], labels.shape), labels)

    def summary(self) -> str:
        """What it did, for the record."""
        counts = Counter(act.split()[0] for act in self.acts)
        done = ", ".join(f"{count} {name}" for name, count in counts.most_common())
        lines = len(read_verdicts(self.store))
        return f"{len(self.acts):,} acts ({done}); {lines:,} lines in the logs, {len(self.model.kept)} specimens marked"
