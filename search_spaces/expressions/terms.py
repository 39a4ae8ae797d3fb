"""An expression as a tree, and what it names."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from search_spaces.domains import Value

INDEX = "i"
"""`$i`: the index of the innermost repeat; in a condition every index, one after another."""


@dataclass(frozen=True, kw_only=True)
class _Term:
    column: int = field(default=1, compare=False, repr=False)
    """Where it stands in its source; of an operation, its operator. Two terms may differ in it and be equal."""


# --- values -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Constant(_Term):
    """`64`, `1e-3`, `'relu'`, `true`, `null`."""

    value: Value | None
    """Numbers are not negative: `-1` is the Negative of 1."""


@dataclass(frozen=True, kw_only=True)
class Variable(_Term):
    """`$width`, `$i`."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Word(_Term):
    """`pool`, `relu`: a parameter where there is one of that name, else a text. `resolve` tells."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Position:
    """`[2]`, or `[$i + 1]`."""

    offset: int
    """Below 0 only if relative."""
    relative: bool = False
    """Counted from `$i`."""

    def at(self, index: int) -> int:
        return self.offset + index if self.relative else self.offset


@dataclass(frozen=True, kw_only=True)
class Part:
    """What stands between two dots: `conv`, `conv[2]`."""

    name: str
    position: Position | None = None


@dataclass(frozen=True, kw_only=True)
class ParameterName(_Term):
    """`conv[$i].conv2d.filters`."""

    parts: tuple[Part, ...]

    def at(self, index: int) -> str:
        """The name where `$i` is the index: `conv[2].conv2d.filters`. Below 0, as in `conv[-1]`, is nobody's name."""
        return ".".join(
            part.name if part.position is None else f"{part.name}[{part.position.at(index)}]" for part in self.parts
        )

    @property
    def is_relative(self) -> bool:
        """Whether `$i` stands in it."""
        return any(part.position is not None and part.position.relative for part in self.parts)


@dataclass(frozen=True, kw_only=True)
class Negative(_Term):
    operand: Expr


@dataclass(frozen=True, kw_only=True)
class Arithmetic(_Term):
    operator: ArithmeticOperator
    left: Expr
    right: Expr


@dataclass(frozen=True, kw_only=True)
class Call(_Term):
    function: Function
    arguments: tuple[Expr, ...]
    """Two or more of min and max, one of round."""


# --- conditions -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Comparison(_Term):
    operator: ComparisonOperator
    left: Expr
    right: Expr


@dataclass(frozen=True, kw_only=True)
class Membership(_Term):
    """`dense.activation in [relu, elu]`."""

    left: Expr
    options: tuple[Expr, ...]
    """At least one."""
    negated: bool = False
    """`not in`. Not the same as `not (... in ...)`, where a parameter is inactive."""


@dataclass(frozen=True, kw_only=True)
class Not(_Term):
    operand: Expr


@dataclass(frozen=True, kw_only=True)
class Logical(_Term):
    operator: LogicalOperator
    left: Expr
    right: Expr


ArithmeticOperator = Literal["+", "-", "*", "/", "//", "%", "**"]
ComparisonOperator = Literal["==", "!=", "<", "<=", ">", ">="]
LogicalOperator = Literal["and", "or"]
Function = Literal["min", "max", "round"]

Condition = Comparison | Membership | Not | Logical
Expr = Constant | Variable | Word | ParameterName | Negative | Arithmetic | Call | Condition


# --- walks ------------------------------------------------------------------------------------------------------------


def children(expr: Expr) -> tuple[Expr, ...]:
    """What the term is made of, from left to right."""
    match expr:
        case Constant() | Variable() | Word() | ParameterName():
            return ()
        case Negative() | Not():
            return (expr.operand,)
        case Arithmetic() | Comparison() | Logical():
            return (expr.left, expr.right)
        case Call():
            return expr.arguments
        case Membership():
            return (expr.left, *expr.options)


def terms(expr: Expr) -> Iterator[Expr]:
    """The expression and everything in it, from left to right."""
    stack = [expr]
    while stack:
        term = stack.pop()
        yield term
        stack.extend(reversed(children(term)))


def depth(expr: Expr) -> int:
    """Levels below the expression. 0 for a term by itself."""
    level, deepest = [expr], -1
    # Level by level, not by recursion: this is what keeps every other walk from going too deep.
    while level:
        level = [child for term in level for child in children(term)]
        deepest += 1
    return deepest


def names(expr: Expr) -> frozenset[str]:
    """Variables that the expression uses, without their `$`; `i` among them where `$i` stands, in an index too."""
    variables = {term.name for term in terms(expr) if isinstance(term, Variable)}
    relative = any(parameter.is_relative for parameter in parameters(expr))
    return frozenset(variables | {INDEX} if relative else variables)


def parameters(expr: Expr) -> tuple[ParameterName, ...]:
    """Parameters that the expression names, from left to right, each once. Bare words only once they are resolved."""
    found = (term for term in terms(expr) if isinstance(term, ParameterName))
    return tuple(dict.fromkeys(found))


def resolve(expr: Expr, known: Collection[str]) -> Expr:
    """The expression with each bare word made what it means: the known parameter of that name, else a text."""
    match expr:
        case Word(name=name, column=column):
            if name in known:
                return ParameterName(parts=(Part(name=name),), column=column)
            return Constant(value=name, column=column)
        case Constant() | Variable() | ParameterName():
            return expr
        case Negative() | Not():
            return replace(expr, operand=resolve(expr.operand, known))
        case Arithmetic() | Comparison() | Logical():
            return replace(expr, left=resolve(expr.left, known), right=resolve(expr.right, known))
        case Call():
            return replace(expr, arguments=tuple(resolve(argument, known) for argument in expr.arguments))
        case Membership():
            options = tuple(resolve(option, known) for option in expr.options)
            return replace(expr, left=resolve(expr.left, known), options=options)
