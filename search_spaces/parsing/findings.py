"""Everything found wrong with one file, to be told in one go."""

from __future__ import annotations

from search_spaces.problems import Place, Problem, one_line

Path = tuple[str | int, ...]
"""Keys and indices from the file's top: ("layers", 1, "dense", "units")."""


class Findings:
    """Problems of one file, each with its line."""

    def __init__(self, source: str) -> None:
        self.source = one_line(source)
        self.problems: dict[Problem, None] = {}
        """As a set that keeps its order: a file can have thousands, and the same one be met twice."""
        self.places: dict[Path, tuple[int, int]] = {}
        """(line, column) of each key and each list entry."""
        self.origins: dict[Path, str] = {}
        """What does not stand in the file itself, with all that is in it -> where it stands."""
        self.changed = False
        """Whether something was set or fixed beside the file."""
        self.set_aside: dict[Path, str] = {}
        """What does not fit the space since it was changed -> why. It is left out, and no problem."""

    def report(self, path: Path, text: str) -> None:
        """A problem with what stands at the path, or would stand there."""
        self.report_place(self.place(path), text)

    def report_or_set_aside(self, part: Path, path: Path, text: str) -> None:
        """A problem with what stands at the path, where the author of the part could have seen it.

        What another file brought along, or what only fails because something was set beside the file, is set aside.
        """
        origin = self.origin(part)
        if origin.startswith("--") or (not origin and not self.changed):
            self.report(path, text)
        else:
            self.set_aside[part] = text

    def report_place(self, place: Place, text: str) -> None:
        problem = Problem(
            source=place.source or self.source,
            line=place.line,
            column=place.column,
            path=place.path,
            text=one_line(text),
        )
        self.problems[problem] = None

    def report_at(self, line: int, column: int, text: str, path: Path = ()) -> None:
        self.report_place(Place(line=line, column=column, path=written(path)), text)

    def place(self, path: Path) -> Place:
        """Where the path stands; where it is missing, the innermost thing around it."""
        around = path
        while around and around not in self.places:
            around = around[:-1]
        line, column = self.places.get(around, (1, 1))
        return Place(line=line, column=column, path=written(path), source=self.origin(path))

    def origin(self, path: Path) -> str:
        for length in range(len(path), 0, -1):
            if path[:length] in self.origins:
                return self.origins[path[:length]]
        return ""

    def in_order(self) -> list[Problem]:
        return sorted(
            self.problems,
            key=lambda problem: (problem.source != self.source, problem.source, problem.line, problem.column),
        )


def written(path: Path) -> str:
    """`layers[1].dense.units`"""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return one_line("".join(parts).removeprefix("."))
