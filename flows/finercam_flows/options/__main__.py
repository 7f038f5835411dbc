"""``python -m finercam_flows.options`` writes docs/options.md, or the file that is named."""

import sys
from pathlib import Path

from finercam_flows.options import COMMANDS, FLOWS
from finercam_flows.signatures.page import page

if __name__ == "__main__":
    Path(sys.argv[1] if sys.argv[1:] else "docs/options.md").write_text(page(COMMANDS, FLOWS), encoding="utf-8")
