"""Numbers of kinds of regions that never change in a folder, whatever is exported into it again."""

import json
import zlib
from collections.abc import Mapping
from pathlib import Path

from finercam_core.errors import ExportError
from finercam_core.io.atomic import write_whole

FILE = "categories.json"
_OTHERS = 1 << 16


class Categories:
    """The number of each kind of region: that of an earlier export in the folder, else the one that is offered.

    A kind that nobody offers gets a number that depends on its name alone and is above a byte.

    Parameters
    ----------
    folder : Path
        Of the export; `save` keeps the numbers there.
    offered : mapping of str to int
        Numbers of the kinds that the store knows.
    file : str
        Where the folder keeps them.

    Attributes
    ----------
    numbers : dict of str to int
        By name; all different.

    Raises
    ------
    ExportError
        If the folder's file is not a table of numbers.
    """

    def __init__(self, folder: Path, offered: Mapping[str, int], file: str = FILE) -> None:
        self._file = folder / file
        self.numbers = self._kept()
        for name, number in offered.items():
            self.number(name, number)

    def number(self, name: str, wished: int | None = None) -> int:
        """The number of a kind of region, which gets one if it has none: the one wished for unless it is taken."""
        if name not in self.numbers:
            taken = set(self.numbers.values())
            number = _OTHERS + zlib.crc32(name.encode(errors="surrogatepass")) % _OTHERS if wished is None else wished
            while number in taken:
                number += _OTHERS
            self.numbers[name] = number
        return self.numbers[name]

    def save(self) -> None:
        """Keep the numbers for the next export into the folder."""
        write_whole(self._file, json.dumps(self.numbers, indent=1, ensure_ascii=False))

    def _kept(self) -> dict[str, int]:
        try:
            found = json.loads(self._file.read_bytes())
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise ExportError(f"{self._file} is not JSON", "restore or remove it") from error
        whole = isinstance(found, dict) and all(type(number) is int for number in found.values())
        if not whole or len(set(found.values())) < len(found):
            raise ExportError(f"{self._file} does not give each category a number of its own", "restore or remove it")
        return dict(found)
