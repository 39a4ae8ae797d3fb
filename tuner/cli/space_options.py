"""The options that say which space: a file or a name, changed on the command line, or a topology."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from search_spaces import Changes, SearchSpace

EPOCHS = "training.epochs"

DEFAULT_SPACE = "cnn_v4"

OPTIONS = (
    click.option(
        "--space", metavar="SPACE", help=f"A space of the library, or a YAML file.  [default: {DEFAULT_SPACE}]"
    ),
    click.option("--topology", metavar="SIZES", help="A perceptron instead: 128-64, or one digit a layer: 53."),
    click.option("--set", "to_set", metavar="NAME=VALUE", multiple=True, help="Give a setting anew, domains included."),
    click.option("--fix", "to_fix", metavar="NAME=VALUE", multiple=True, help="Keep a parameter at one value."),
)


NEW_SPACE = click.option(
    "--space", metavar="SPACE", help="Another space: of the library, or a YAML file.  [default: the study's]"
)


@dataclass(frozen=True, kw_only=True)
class SpaceOptions:
    """What the command line says of the space."""

    space: str | None
    topology: str | None
    to_set: tuple[str, ...]
    to_fix: tuple[str, ...]

    @property
    def given(self) -> bool:
        """Whether the command line says anything of it."""
        return self != NOTHING_GIVEN

    def load(self, default: SearchSpace | None = None, *, epochs: int | None = None) -> SearchSpace:
        """The space that is asked for. Where no other is named it is `default`, or the one of the library.

        With `epochs` it searches no epochs: all trials have these, and would be searched for others in vain.
        SpaceError or UsageError where there is none.
        """
        from search_spaces import changes

        changed = changes(self.to_set, self.to_fix)
        space = self._read(default, changed)
        if epochs is not None and EPOCHS in [parameter.name for parameter in space.parameters()]:
            space = self._read(default, replace(changed, set={**changed.set, EPOCHS: epochs}))
        return space

    def _read(self, default: SearchSpace | None, changed: Changes) -> SearchSpace:
        from search_spaces import SearchSpace, topology_space
        from tuner.errors import UsageError

        if self.topology is None and self.space is None and default is not None:
            return SearchSpace.parse(default.text, default.source, changed)
        if self.topology is None:
            return SearchSpace.load(DEFAULT_SPACE if self.space is None else self.space, changed)
        if self.space is not None:
            raise UsageError(f"--space and --topology exclude each other. Got {self.space} and {self.topology}.")
        return SearchSpace.parse(topology_space(self.topology), f"--topology {self.topology}", changed)


NOTHING_GIVEN = SpaceOptions(space=None, topology=None, to_set=(), to_fix=())


def with_space_options(command: Any) -> Any:
    """The command with the options added; it gets them as one SpaceOptions by the name of `space`."""
    return _with(OPTIONS, command)


def with_new_space_options(command: Any) -> Any:
    """Likewise, for a command that has a space already."""
    return _with((NEW_SPACE, *OPTIONS[1:]), command)


def _with(options: tuple[Any, ...], command: Any) -> Any:
    @functools.wraps(command)
    def with_one(
        *arguments: Any,
        space: str | None,
        topology: str | None,
        to_set: tuple[str, ...],
        to_fix: tuple[str, ...],
        **others: Any,
    ) -> Any:
        options = SpaceOptions(space=space, topology=topology, to_set=to_set, to_fix=to_fix)
        return command(*arguments, space=options, **others)

    for option in reversed(options):
        with_one = option(with_one)
    return with_one
