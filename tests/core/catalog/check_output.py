"""The output of `finercam catalog check`."""

import re


class CheckOutput:
    """What `finercam catalog check` printed and wrote for a collection."""

    def __init__(self, text: str, report: dict, code: int) -> None:
        self.text, self.report, self.code = text, report, code
        self.counts = {f["key"]: f["count"] for f in report["findings"]}

    def cases(self, key: str) -> list[dict]:
        return next(f["cases"] for f in self.report["findings"] if f["key"] == key)

    def prints(self, line: str) -> bool:
        """Whether a finding's line is on the screen, whatever the width of the column of counts."""
        return bool(re.search(rf"^[✗!·] +{re.escape(line)}$", self.text, re.MULTILINE))
