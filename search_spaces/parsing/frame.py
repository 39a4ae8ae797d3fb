"""The fixed frame of a space file and of a domain, checked with pydantic. What may stand where, not what it means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    StrictBool,
    StrictInt,
    StrictStr,
    StringConstraints,
    ValidationError,
)

from search_spaces.problems import suggestion
from search_spaces.wording import shown

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from search_spaces.parsing.findings import Path

SpaceName = Annotated[StrictStr, StringConstraints(pattern=r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\z")]
VariableName = Annotated[StrictStr, StringConstraints(pattern=r"\A[A-Za-z_][A-Za-z0-9_]{0,63}\z")]
Number = Annotated[FiniteFloat, Field(strict=True)]


class _Frame(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TrainingFrame(_Frame):
    optimizer: Any
    batch_size: Any
    epochs: Any
    schedule: Any = None
    loss: Any = None
    label_smoothing: Any = None
    class_weights: Any = None
    early_stopping: Any = None
    averaging: Any = None
    augmentation: Any = None


PositiveInt = Annotated[StrictInt, Field(gt=0)]


class LimitsFrame(_Frame):
    parameters: PositiveInt | None = None
    multiply_adds: PositiveInt | None = None
    model_bytes: PositiveInt | None = None


class PresetFrame(_Frame):
    values: dict[StrictStr, Any] = {}
    published: dict[StrictStr, Number] = {}


class SpaceFrame(_Frame):
    name: SpaceName
    description: StrictStr = ""
    made_from: StrictStr = ""
    variables: dict[VariableName, Any] = {}
    layers: list[Any]
    training: TrainingFrame
    limits: LimitsFrame = LimitsFrame()
    forbid: list[Any] = []
    set: dict[StrictStr, Any] = {}
    fix: dict[StrictStr, Any] = {}
    presets: dict[SpaceName, PresetFrame] = {}


class ForbidFrame(_Frame):
    rule: StrictStr
    because: StrictStr = ""


class ChoiceFrame(_Frame):
    choice: Annotated[list[Any], Field(min_length=1)]
    default: Any = None


class IntFrame(_Frame):
    int: tuple[StrictInt, StrictInt]
    log: StrictBool = False
    step: StrictInt = 1
    default: Any = None


class FloatFrame(_Frame):
    float: tuple[Number, Number]
    log: StrictBool = False
    step: Number | None = None
    default: Any = None


class BoolFrame(_Frame):
    bool: None = None
    default: Any = None


def frame_problems(frame: type[BaseModel], data: object) -> list[tuple[Path, str]]:
    """(where, what is wrong) for everything in the data that does not fit the frame."""
    try:
        frame.model_validate(data)
    except ValidationError as error:
        return [_told(frame, problem) for problem in error.errors(include_url=False, include_context=False)]
    return []


RULES = {
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "list_type": "must be a list",
    "tuple_type": "must be [low, high]",
    "too_long": "must be [low, high]",
    "too_short": "needs at least one entry",
    "dict_type": "must be a mapping of keys to values",
    "model_type": "must be a mapping of keys to values",
    "greater_than": "must be positive",
    "none_required": "takes nothing: write {bool} or {bool, default: true}",
    "finite_number": "must be finite",
}
"""Pydantic's kind of error -> our rule. Source: pydantic 2 documentation, "Validation errors"."""


def _told(frame: type[BaseModel], problem: ErrorDetails) -> tuple[Path, str]:
    path, got = problem["loc"], f"Got {shown(problem['input'])}"
    match problem["type"], path:
        case _, () if frame is ForbidFrame:
            return path, f"a rule is a condition, or {{rule: ..., because: ...}}. {got}"
        case _, ():
            return path, f"a space file is a mapping with name, layers and training. {got}"
        case "missing", (*around, int()):
            return tuple(around), f"must be [low, high]. {got}"
        case "missing", (*around, key):
            return tuple(around), f"'{key}' is missing"
        case "extra_forbidden", (*_, key):
            return path, unknown_key(str(key), _fields(frame, path))
        case "string_pattern_mismatch", _:
            return _without_key_mark(path), f"{_name_rule(path)}. {got}"
        case kind, _:
            return _without_key_mark(path), f"{RULES.get(kind, problem['msg'])}. {got}"


def _without_key_mark(path: Path) -> Path:
    """The path of a key, where pydantic complains of the key itself."""
    return path[:-1] if path[-1] == "[key]" else path


def unknown_key(key: str, known: list[str]) -> str:
    """`unknown key 'filtrs'. Did you mean 'filters'?`"""
    hint = suggestion(key, known)
    return f"unknown key '{shown(key)}'.{hint or ' Known: ' + ', '.join(known)}"


def _fields(frame: type[BaseModel], path: Path) -> list[str]:
    """Keys of the frame that the path's last part stands in."""
    inside: dict[str, type[BaseModel]] = {"training": TrainingFrame, "limits": LimitsFrame, "presets": PresetFrame}
    innermost = inside[str(path[0])] if frame is SpaceFrame and len(path) > 1 else frame
    return list(innermost.model_fields)


def _name_rule(path: Path) -> str:
    if path[0] == "variables":
        return "a variable's name is letters, digits and '_', no digit first, at most 64"
    return "a name is letters, digits, '.', '_' and '-', no sign first, at most 64"
