"""What can be wrong with a space, said so that a user can mend it."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_SHOWN = 10
"""Problems printed for one file: after ten a reader mends and asks again."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A place in a space file."""

    line: int
    column: int
    """1 is the first of both."""
    path: str = ""
    """`layers[1].dense.units`. Empty for the file as a whole."""
    source: str = ""
    """Where else it stands: the file that was extended, or `--set`. Empty for the space's own file."""


START = Place(line=1, column=1)


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing wrong with a space."""

    source: str
    """The file as the user named it, or the library's name of it."""
    line: int
    """1 is the first; 1 also where no line can be named (a missing file)."""
    column: int
    """1 is the first."""
    path: str
    """Where in the file: `layers[1].dense.units`. Empty for the file as a whole."""
    text: str
    """The rule, then what came instead, then what to type."""

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        return one_line(f"{self.source}:{self.line}: {where}{self.text}")


class SpaceError(Exception):
    """A space, or values given to it, that cannot be used. Its text has one line per problem."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        """Every problem found, in the order of the lines."""
        super().__init__(self.problems)

    def __str__(self) -> str:
        lines = [str(problem) for problem in self.problems[:MOST_SHOWN]]
        hidden = len(self.problems) - len(lines)
        if hidden:
            # On the last line, not below it: every line of an error names a place.
            lines[-1] += f" (and {hidden} more {'problem' if hidden == 1 else 'problems'})"
        return "\n".join(lines)


class Unbuildable(Exception):
    """A configuration that makes no Keras model on images of this shape."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        """Path of the layer: `conv[4].max_pooling2d`. Empty for the network as a whole."""
        self.text = text
        super().__init__(path, text)

    def __str__(self) -> str:
        return f"{self.path}: {self.text}" if self.path else self.text


def suggestion(word: str, known: Iterable[str]) -> str:
    """` Did you mean 'filters'?`, or nothing where no known word is near."""
    known = list(known)
    # The end of a dotted name is what people remember of it: `epochs`, `$width`.
    ends = [name for name in known if name.endswith(f".{word.removeprefix('$')}")]
    near = ends or difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f" Did you mean '{near[0]}'?" if near else ""


def one_line(text: str) -> str:
    """The text without control characters: file names and keys come from strangers."""
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)
