"""What a chooser is asked for on a walk over a space."""

from __future__ import annotations

from search_spaces import Parameter, SearchSpace, Value


def asked(space: SearchSpace, answers: dict[str, Value] | None = None) -> list[str]:
    """Names in the order in which a chooser that answers so is asked for them."""
    names = []

    def choose(parameter: Parameter) -> Value:
        names.append(parameter.name)
        return (answers or {}).get(parameter.name, parameter.default)

    space.configure(choose)
    return names


def needs(space: SearchSpace) -> dict[str, tuple[str, ...]]:
    return dict(space.needs())
