"""What is wrong with a condition, as far as it can be seen before anything is drawn."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeGuard

from search_spaces.expressions.conditions import same
from search_spaces.expressions.source import text
from search_spaces.expressions.terms import (
    INDEX,
    Arithmetic,
    Call,
    Comparison,
    Constant,
    Expr,
    Logical,
    Membership,
    Negative,
    Not,
    ParameterName,
    Variable,
    Word,
    resolve,
    terms,
)
from search_spaces.problems import suggestion
from search_spaces.wording import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from search_spaces.domains import Value

Kind = Literal["number", "text", "bool", "mixed"]
"""What a parameter is drawn from. Mixed: texts beside numbers, or the labels of lists and null beside them."""

CALLED = {"number": "a number", "text": "a text", "bool": "true or false", "mixed": "now this, now that"}


def check(expr: Expr, kinds: Mapping[str, Kind], options: Mapping[str, Sequence[Value]] | None = None) -> list[str]:
    """Complaints about the condition, from left to right; none if it is right.

    `kinds` has every parameter that can become active, by name, and each variable as `variables.width`, whether it is
    drawn or written out. `options` has the values of those that are drawn from a list. Bare words need not be resolved.
    """
    checker = _Checker(kinds=kinds, options=options or {})
    if isinstance(expr, Variable | ParameterName | Constant):
        return list(checker.truth(expr))
    return list(dict.fromkeys(complaint for term in terms(expr) for complaint in checker.complaints(term)))


@dataclass(frozen=True, kw_only=True)
class _Checker:
    kinds: Mapping[str, Kind]
    options: Mapping[str, Sequence[Value]]

    def complaints(self, term: Expr) -> Iterator[str]:
        """What is wrong with the term itself, not with what it is made of."""
        match term:
            case ParameterName() if not self.meant(term):
                yield self.no_such(term)
            case Variable() if term.name != INDEX and not self.meant(term):
                known = [f"${name.removeprefix('variables.')}" for name in self.kinds if name.startswith("variables.")]
                yield f"unknown variable '${shown(term.name)}'.{suggestion(f'${term.name}', known)}".rstrip(".")
            case Negative():
                yield from self.numbers([term.operand])
            case Arithmetic():
                yield from self.numbers([term.left, term.right])
            case Call():
                yield from self.numbers(list(term.arguments))
            case Comparison():
                yield from self.comparison(term)
            case Membership():
                yield from self.pairs(term, list(term.options))
            case Not():
                yield from self.truth(term.operand)
            case Logical():
                yield from self.truth(term.left)
                yield from self.truth(term.right)

    # --- rules ---

    def numbers(self, operands: list[Expr]) -> Iterator[str]:
        for operand in operands:
            if self.is_unknown(operand):
                yield self.no_such(operand)
            elif self.kind(operand) in ("text", "bool"):
                yield f"arithmetic takes numbers. {self.told(operand)}"

    def truth(self, term: Expr) -> Iterator[str]:
        """A parameter by itself is a condition if it is true or false."""
        match term:
            case Constant():
                yield f"a condition asks for a parameter. Got {text(term)} alone"
            case Variable() | ParameterName():
                yield from self.complaints(term)
                if self.kind(term) in ("number", "text"):
                    yield f"only what is true or false is a condition by itself. {self.told(term)}: compare it"

    def comparison(self, term: Comparison) -> Iterator[str]:
        if term.operator in ("==", "!="):
            yield from self.pairs(term, [term.right])
            return
        unnamed = self.unnamed(term)
        yield from unnamed
        for side in [] if unnamed else [term.left, term.right]:
            if self.is_unknown(side):
                yield self.no_such(side)
            elif self.kind(side) in ("text", "bool"):
                yield f"only numbers are compared by size. {self.told(side)}"

    def pairs(self, term: Comparison | Membership, others: list[Expr]) -> Iterator[str]:
        """Whether the left side can equal each of the others."""
        unnamed = self.unnamed(term)
        yield from unnamed
        for other in [] if unnamed else others:
            yield from self.equality(resolve(term.left, self.kinds), resolve(other, self.kinds))

    def equality(self, left: Expr, right: Expr) -> Iterator[str]:
        if isinstance(left, Constant):
            left, right = right, left
        kinds = {self.kind(left), self.kind(right)}
        options = self.values(left)
        if isinstance(right, Constant) and options:
            wanted = "null" if right.value is None else right.value
            if not any(same(wanted, option) for option in options):
                near = suggestion(str(wanted), [option for option in options if isinstance(option, str)])
                yield f"{text(left)} is never {text(right)}.{near}".rstrip(".")
        elif isinstance(right, Constant) and "mixed" not in kinds and len(kinds) > 1:
            yield f"{text(left)} is never {text(right)}. It is {CALLED[self.kind(left)]}"
        elif "mixed" not in kinds and len(kinds) > 1:
            yield f"{text(left)} never equals {text(right)}. {self.told(left)}, {self.told(right)}"

    def unnamed(self, term: Comparison | Membership) -> list[str]:
        """The complaint about a comparison in which nothing is drawn."""
        inside = [resolve(each, self.kinds) if isinstance(each, Word) else each for each in terms(term)]
        if any(isinstance(each, ParameterName | Variable) for each in inside):
            return []
        words = [each for each in terms(term) if isinstance(each, Word)]
        near = [word for word in words if suggestion(word.name, self.kinds)]
        if words:
            return [self.no_such((near or words)[0])]
        return [f"a comparison names a parameter. Got {shown(text(term))}"]

    def no_such(self, term: Word | ParameterName) -> str:
        name = term.name if isinstance(term, Word) else _nearest(term)
        return f"no such parameter: '{shown(text(term))}'.{suggestion(name, self.kinds)}".rstrip(".")

    # --- what is known of a term ---

    def meant(self, term: Expr) -> list[str]:
        """Parameters that the term can stand for: several, if `$i` is in its name."""
        match term:
            case Variable():
                names = [f"variables.{term.name}"]
            case ParameterName(is_relative=True):
                indices = {int(number) for name in self.kinds for number in re.findall(r"\[(\d+)\]", name)}
                names = [term.at(index) for index in range(max(indices, default=0) + 1)]
            case ParameterName():
                names = [term.at(0)]
            case _:
                names = []
        return [name for name in names if name in self.kinds]

    def values(self, term: Expr) -> list[Value]:
        """Every value of a term that is drawn from a list; none where that is not known."""
        names = self.meant(term)
        return (
            [value for name in names for value in self.options[name]] if all(n in self.options for n in names) else []
        )

    def kind(self, term: Expr) -> Kind:
        """Mixed also where it is not known, so that no complaint follows from another."""
        term = resolve(term, self.kinds) if isinstance(term, Word) else term
        match term:
            case Constant(value=bool()):
                return "bool"
            case Constant(value=int() | float()) | Negative() | Arithmetic() | Call() | Variable(name="i"):
                return "number"
            case Constant():
                return "text"
        kinds = {self.kinds[name] for name in self.meant(term)}
        return kinds.pop() if len(kinds) == 1 else "mixed"

    def is_unknown(self, term: Expr) -> TypeGuard[Word]:
        """Whether it is a word that can only be a text."""
        return isinstance(term, Word) and term.name not in self.kinds

    def told(self, term: Expr) -> str:
        """`dense.activation is a text`."""
        return f"{text(term)} is {CALLED[self.kind(term)]}"


def _nearest(parameter: ParameterName) -> str:
    """A name to look for where none matches; the lowest indices that there can be."""
    offsets = [part.position.offset for part in parameter.parts if part.position and part.position.relative]
    return parameter.at(max(0, -min(offsets, default=0)))
