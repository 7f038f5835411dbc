"""Phylogenies from Newick or NEXUS, and the patristic distances of one species to all others at once."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from finercam_core.errors import ComparisonError, counted
from finercam_core.io.faults import first_line
from finercam_core.taxonomy.names import parse_name

Floats = npt.NDArray[np.float64]
# Open Tree of Life writes the id of the taxon behind its name.
_OPEN_TREE_ID = re.compile(r"(?:[_ ](?:mrca)?ott\d+)+$")
ENDINGS = (".nwk", ".newick", ".tre", ".tree", ".nex", ".nexus")


@dataclass(frozen=True)
class Tree:
    """A phylogeny as three arrays over its tips in depth-first order.

    The distance of two tips is ``depth[i] + depth[j] - 2 * min(shared[i + 1 : j + 1])``: between neighbours in this
    order the last common ancestor is the shallowest that the walk from one to the other passes. So the distances of
    one tip to all others are two running minima, and no matrix of all pairs is needed.

    Parameters
    ----------
    tips : tuple of str (T,)
        Cleaned scientific names.
    depth : float64 array (T,)
        Distance from the root, in the tree's own unit (often million years).
    shared : float64 array (T,)
        Depth of the last common ancestor of each tip and the one before it; 0 for the first.
    source, sha256 : str
        Where the tree came from, for the provenance.
    """

    tips: tuple[str, ...]
    depth: Floats
    shared: Floats
    source: str = ""
    sha256: str = ""

    def only(self, positions: npt.NDArray[np.intp]) -> "Tree":
        """The tree of some of its tips, given by rising positions; their distances do not change."""
        if len(positions) == 0:
            return Tree((), np.zeros(0), np.zeros(0), self.source, self.sha256)
        shared = np.zeros(len(positions))
        for k in range(1, len(positions)):
            shared[k] = self.shared[positions[k - 1] + 1 : positions[k] + 1].min()
        return Tree(tuple(self.tips[i] for i in positions), self.depth[positions], shared, self.source, self.sha256)

    def distances(self, tip: int) -> Floats:
        """Patristic distance (T,) of one tip to every tip: the sum of the branches between them."""
        last = np.full(len(self.tips), self.depth[tip])
        last[tip + 1 :] = np.minimum.accumulate(self.shared[tip + 1 :])
        last[:tip] = np.minimum.accumulate(self.shared[1 : tip + 1][::-1])[::-1]
        distances: Floats = self.depth[tip] + self.depth - 2 * last
        distances[tip] = 0.0
        return distances


def read_tree(path: str | Path) -> Tree:
    """Read a phylogeny, the first one in a file.

    Tips are matched by their cleaned names: underscores are spaces; quotes, authorship and the ids of Open Tree
    (`_ott123`) are left off. A tree without any branch lengths counts each branch as 1.

    Parameters
    ----------
    path : str or Path
        Newick, or NEXUS if it starts with ``#NEXUS``.

    Raises
    ------
    ComparisonError
        The file is missing or is not a tree, a branch length is not finite, or two tips have the same name.
    """
    import dendropy

    content, text = _text(Path(path))
    schema = "nexus" if text.lstrip()[:6].upper() == "#NEXUS" else "newick"
    try:
        # Underscores are turned into spaces by the name parser, which also sees those of quoted names.
        tree = dendropy.Tree.get(data=text, schema=schema, preserve_underscores=True)
        nodes = list(tree.preorder_node_iter())
    except RecursionError as error:
        raise ComparisonError(f"the tree {path} is nested too deeply", "give a more balanced tree") from error
    except Exception as error:  # dendropy raises whatever its tokenizer meets
        problem = f"{path} is not a {schema.capitalize()} tree: {first_line(error)}"
        raise ComparisonError(problem, "export it again from the program that made it") from error
    return _arrays(nodes, str(path), hashlib.sha256(content).hexdigest())


def _text(path: Path) -> tuple[bytes, str]:
    try:
        content = path.read_bytes()
        return content, content.decode("utf-8-sig")
    except OSError as error:
        raise ComparisonError(f"the tree {path} cannot be read: {error.strerror}", "correct the path") from error
    except UnicodeDecodeError as error:
        raise ComparisonError(f"the tree {path} is not UTF-8 text", "save it as Newick or NEXUS text") from error


def _arrays(nodes: list[Any], source: str, sha256: str) -> Tree:
    """Depths and shared depths: the first node after a tip hangs on the ancestor that it shares with the next one."""
    lengths = [node.edge_length for node in nodes[1:]]
    unit = 1.0 if not any(length is not None for length in lengths) else 0.0
    depths: dict[int, float] = {}
    tips: list[str] = []
    depths_of_tips: list[tuple[float, float]] = []
    ancestor: float | None = 0.0
    for node in nodes:
        above = 0.0 if node.parent_node is None else depths[id(node.parent_node)]
        length = 0.0 if node.parent_node is None else node.edge_length
        depths[id(node)] = above + (unit if length is None else float(length))
        ancestor = above if ancestor is None else ancestor
        if not node.child_nodes():
            tips.append(parse_name(_OPEN_TREE_ID.sub("", _label(node))).canonical)
            depths_of_tips.append((depths[id(node)], ancestor))
            ancestor = None
    depth, shared = np.array(depths_of_tips, np.float64).reshape(-1, 2).T
    faults = list(_faults(tips, depth))
    if faults:
        raise ComparisonError(f"the tree {source} cannot be used: {'; '.join(faults)}", "correct the tree")
    return Tree(tuple(tips), depth.copy(), shared.copy(), source, sha256)


def _label(node: Any) -> str:
    return str((node.taxon.label if node.taxon is not None else node.label) or "")


def _faults(tips: list[str], depth: Floats) -> Iterator[str]:
    named = [tip for tip in tips if tip]
    repeated = sorted(tip for tip, times in Counter(named).items() if times > 1)
    if len(named) < 2:
        yield f"it has {counted(len(named), 'named tip')}"
    if repeated:
        yield f"{counted(len(repeated), 'name')} at several tips, such as {repeated[0]!r}"
    if not np.isfinite(depth).all():
        yield "a branch length is not a finite number"
