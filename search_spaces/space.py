"""A search space as everybody else sees it: loaded, named, walked, sampled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

from search_spaces.counting import size
from search_spaces.presets import Mistake, fill_in
from search_spaces.problems import Problem, SpaceError, suggestion
from search_spaces.sources import read_source
from search_spaces.walk import configure, reachable

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping
    from pathlib import Path

    from search_spaces.configuration import Configuration
    from search_spaces.domains import Chooser, Parameter, Value
    from search_spaces.nodes import Tree
    from search_spaces.summary import ModelSummary


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A named configuration of a space."""

    name: str
    values: Mapping[str, Value]
    """By parameter name, as written; parameters that are not named have their defaults."""
    published: Mapping[str, float] = field(default_factory=dict)
    """Figures that somebody reported for it: `test_accuracy`, `parameters`."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a configuration may cost at most, checked before any training. None is no limit."""

    parameters: int | None = None
    """Weights of the model, those that are not trained included."""


@dataclass(frozen=True, kw_only=True)
class SearchSpace:
    """What may be tried: a function from a chooser to a configuration."""

    name: str
    description: str
    source: str
    """The file as the user named it, or the library's name of it; shown in errors."""
    text: str = field(repr=False)
    """The file, word for word."""
    fingerprint: str
    """SHA-256 over the content, hexadecimal. Comments, layout, description and published figures do not change it."""
    presets: Mapping[str, Preset]
    """In file order."""
    limits: Limits
    tree: Tree = field(repr=False)
    """For this package alone."""

    @classmethod
    def load(cls, name_or_path: str | Path) -> SearchSpace:
        """The space of that name in the library, or in that file. SpaceError where there is none, or it is wrong."""
        source, text = read_source(name_or_path)
        return cls.parse(text, source)

    @classmethod
    def parse(cls, text: str, source: str) -> SearchSpace:
        """The space that the text describes. SpaceError with everything that is wrong with it."""
        from search_spaces.parsing.reader import read_space

        return read_space(text, source)

    def configure(self, choose: Chooser) -> Configuration:
        """The configuration that the answers make; asks once per active parameter, in file order.

        Raises ValueError where an answer lies outside the parameter's domain.
        """
        return configure(self.tree, choose)

    def default(self) -> Configuration:
        return self.configure(lambda parameter: parameter.default)

    def preset(self, name: str) -> Configuration:
        """The named configuration. SpaceError where the space has no preset of that name."""
        if name not in self.presets:
            known = ", ".join(self.presets) or "none"
            self._refuse("presets", f"no preset '{name}'.{suggestion(name, self.presets)} Known: {known}")
        return self.check_values(self.presets[name].values)

    def sample(self, rng: random.Random) -> Configuration:
        """A random configuration: every active parameter drawn from its domain."""
        return self.configure(lambda parameter: parameter.domain.sample(rng))

    def parameters(self) -> tuple[Parameter, ...]:
        """Every parameter that can become active, in file order: repeats at their longest, all branches."""
        return tuple(entry.parameter for entry in reachable(self.tree))

    def size(self) -> int | None:
        """Number of different draws, exactly; None where a continuous range makes it infinite."""
        return size(self.tree)

    def check_values(self, values: Mapping[str, object]) -> Configuration:
        """The configuration with these values, and defaults for the rest.

        Raises SpaceError on names that the space does not have, values outside their domains, and values of
        parameters that the others make inactive.
        """
        configuration, mistakes = fill_in(self.tree, values)
        if mistakes:
            raise SpaceError(self._problem(mistake) for mistake in mistakes)
        return configuration

    def _problem(self, mistake: Mistake) -> Problem:
        place = mistake.place
        return Problem(
            source=self.source, line=place.line, column=place.column, path=mistake.parameter, text=mistake.text
        )

    def _refuse(self, path: str, text: str) -> NoReturn:
        raise SpaceError([Problem(source=self.source, line=1, column=1, path=path, text=text)])


def over_limit(space: SearchSpace, summary: ModelSummary) -> str | None:
    """A sentence where the model is larger than the space allows; None where it is not."""
    limit = space.limits.parameters
    if limit is None or summary.parameters <= limit:
        return None
    return f"{summary.parameters:,} parameters are more than the limit of {limit:,}"
