"""The arithmetic and the conditions of a space file: read, checked, computed. Nothing in them can run code.

width = parse_value("$width * 2 ** $i")
evaluate(width, {"width": 16, "i": 2})                                     # 64
rule = parse_condition("training.optimizer == sgd and training.batch_size > 128")
check(rule, {"training.optimizer": "text", "training.batch_size": "number"}, {})   # []: nothing to complain about
rule = resolve(rule, ["training.optimizer", "training.batch_size"])        # `sgd` is a text
holds(rule, {"training.optimizer": "sgd", "training.batch_size": 256})     # True
"""

from search_spaces.expressions.arithmetic import evaluate, values_over
from search_spaces.expressions.checking import Kind, check
from search_spaces.expressions.conditions import holds
from search_spaces.expressions.grammar import parse_condition, parse_value
from search_spaces.expressions.source import text
from search_spaces.expressions.terms import (
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
    Part,
    Position,
    Variable,
    Word,
    names,
    parameters,
    resolve,
)
from search_spaces.expressions.tokens import ExpressionError

__all__ = [
    "Arithmetic",
    "Call",
    "Comparison",
    "Constant",
    "Expr",
    "ExpressionError",
    "Kind",
    "Logical",
    "Membership",
    "Negative",
    "Not",
    "ParameterName",
    "Part",
    "Position",
    "Variable",
    "Word",
    "check",
    "evaluate",
    "holds",
    "names",
    "parameters",
    "parse_condition",
    "parse_value",
    "resolve",
    "text",
    "values_over",
]
