"""A search space as everybody else sees it: loaded, named, walked, sampled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from search_spaces.adopting import Obstacle, adopt
from search_spaces.configuration import Configuration
from search_spaces.counting import Size, size
from search_spaces.enumeration import enumerate_configurations
from search_spaces.forbidding import NOTHING_FORBIDDEN, Forbids
from search_spaces.nodes import without_indices
from search_spaces.outline import Outline, outline
from search_spaces.presets import Mistake, fill_in
from search_spaces.problems import START, Problem, SpaceError, Unbuildable, suggestion
from search_spaces.sources import read_source
from search_spaces.summary import summarize
from search_spaces.walk import configure, met, reachable

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from search_spaces.domains import Chooser, Parameter, Value
    from search_spaces.forbidding import Forbidden
    from search_spaces.nodes import Tree
    from search_spaces.summary import ModelSummary
    from search_spaces.walk import Reachable


MOST_DRAWS = 1_000
"""Random configurations in a row that may be forbidden before a space is taken to forbid them all."""


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
    multiply_adds: int | None = None
    """Of one image."""
    model_bytes: int | None = None
    """Of the weights as they are saved: four bytes each."""


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What is changed in a space from outside its file, as a file's `set` and `fix` would hold it."""

    set: Mapping[str, Any] = field(default_factory=dict)
    """Setting by its name without indices -> plain data as a file has it: `{"dense.units": {"choice": [64, 128]}}`."""
    fix: Mapping[str, Any] = field(default_factory=dict)
    """Parameter -> the value that it keeps."""


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
    set_aside: Mapping[str, str] = field(default_factory=dict)
    """Presets that do not fit the space since it was changed by `extends`, `set` or `fix`, with the reason."""
    limits: Limits
    forbids: Forbids = field(default=NOTHING_FORBIDDEN, repr=False)
    tree: Tree = field(repr=False)
    """For this package alone."""

    @classmethod
    def load(cls, name_or_path: str | Path, changes: Changes | None = None) -> SearchSpace:
        """The space of that name in the library, or in that file. SpaceError where there is none, or it is wrong."""
        from search_spaces.parsing.reader import read_space

        source, text, folder = read_source(name_or_path)
        return read_space(text, source, folder, changes)

    @classmethod
    def parse(cls, text: str, source: str, changes: Changes | None = None) -> SearchSpace:
        """The space that the text describes. SpaceError with everything that is wrong with it."""
        from search_spaces.parsing.reader import read_space

        return read_space(text, source, changes=changes)

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
        """A random configuration that is not forbidden: every active parameter drawn from its domain.

        Raises ValueError where the rules forbid whatever is drawn.
        """
        for _ in range(MOST_DRAWS):
            configuration = self.configure(lambda parameter: parameter.domain.sample(rng))
            if not self.forbidden(configuration):
                return configuration
        raise ValueError(f"{MOST_DRAWS} random draws of space '{self.name}' were all forbidden")

    def enumerate(self) -> Iterator[Configuration]:
        """Every configuration that is not forbidden, in the order of the walk, the last parameter changing first.

        Raises ValueError, before the first, where continuous ranges make them infinite; it names them.
        """
        endless = [each.name for each in self.parameters() if each.domain.size() is None]
        if endless:
            raise ValueError(f"infinitely many configurations: give {', '.join(endless)} a step, or choices")
        return (each for each in enumerate_configurations(self.tree) if not self.forbidden(each))

    def forbidden(self, configuration: Configuration) -> str | None:
        """The rule that forbids the configuration, in words; None where it is allowed."""
        rule = self._broken(configuration)
        return f"forbidden: {rule}" if rule else None

    def _broken(self, configuration: Configuration) -> Forbidden | None:
        return self.forbids.broken(met(self.tree, configuration.values)) if self.forbids.rules else None

    def parameters(self) -> tuple[Parameter, ...]:
        """Every parameter that can become active, in file order: repeats at their longest, all branches."""
        return tuple(entry.parameter for entry in reachable(self.tree))

    def needs(self) -> Mapping[str, tuple[str, ...]]:
        """What must hold for each parameter to be active, in words: `training.optimizer is sgd`. Empty: it always is.

        A variable counts wherever it is used, so of one whose first use depends on something no more is said than that.
        """
        return {
            entry.parameter.name: ("it is used",) if _is_variable(entry) and entry.needs else entry.needs
            for entry in reachable(self.tree)
        }

    def outline(self) -> Outline:
        """What the space is made of, part by part, for comparing it with another."""
        return outline(self.tree)

    def adopt(self, other: SearchSpace, values: Mapping[str, Value]) -> Configuration | Obstacle:
        """The configuration that `other` makes of the values, as this space makes it; why not, where it cannot.

        Settings that one of the two draws and the other has written out, or fixed, are the same setting.
        """
        made = adopt(self.tree, other.tree, values)
        if isinstance(made, Configuration) and (rule := self._broken(made)):
            return Obstacle(verb="break", setting=f"the rule {rule}")
        return made

    def size(self) -> Size:
        """Number of different configurations."""
        return size(self.tree, self.forbids)

    def check_values(self, values: Mapping[str, object], base: Mapping[str, Value] | None = None) -> Configuration:
        """The configuration with these values, and for the rest those of `base`, a configuration's, or defaults.

        Raises SpaceError on names that the space does not have, values outside their domains, and values of
        parameters that the others make inactive. Those of `base` may become inactive.
        """
        configuration, mistakes = fill_in(self.tree, values, base or {})
        if mistakes:
            raise SpaceError(self._problem(mistake) for mistake in mistakes)
        return configuration

    def problem(self, parameter: str, text: str) -> Problem:
        """What is wrong with a parameter, or with all that share its name without indices, at the line of the first."""
        entries = ((entry.parameter.name, entry.place) for entry in reachable(self.tree))
        place = next((place for name, place in entries if parameter in (name, without_indices(name))), START)
        return self._problem(Mistake(parameter=parameter, text=text, place=place))

    def _problem(self, mistake: Mistake) -> Problem:
        place = mistake.place
        return Problem(
            source=place.source or self.source,
            line=place.line,
            column=place.column,
            path=mistake.parameter,
            text=mistake.text,
        )

    def _refuse(self, path: str, text: str) -> NoReturn:
        raise SpaceError([Problem(source=self.source, line=1, column=1, path=path, text=text)])


def _is_variable(entry: Reachable) -> bool:
    return entry.parameter.name.startswith("variables.")


def over_limit(space: SearchSpace, summary: ModelSummary) -> str | None:
    """A sentence where the model is larger than the space allows; None where it is not."""
    limits = space.limits
    for got, limit, what in (
        (summary.parameters, limits.parameters, "parameters"),
        (summary.multiply_adds, limits.multiply_adds, "multiply-adds"),
        (summary.model_bytes, limits.model_bytes, "bytes"),
    ):
        if limit is not None and not got <= limit:
            return f"{got:,} {what} are more than the limit of {limit:,}"
    return None


def misfit(
    space: SearchSpace, configuration: Configuration, image_shape: tuple[int, int, int], n_classes: int
) -> str | None:
    """A sentence where the configuration cannot be built on such images, or is over a limit; None where it fits."""
    try:
        return over_limit(space, summarize(configuration, image_shape, n_classes))
    except Unbuildable as error:
        return str(error)
