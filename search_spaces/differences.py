"""What sets one space apart from another, a line for each thing that differs."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal

from search_spaces.domains import Choice, Domain, Float, Int, Parameter
from search_spaces.wording import flow, shown

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from search_spaces.outline import Outline
    from search_spaces.space import SearchSpace

Sign = Literal["+", "-", "~"]
"""New, gone, changed."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One thing in which two spaces differ."""

    sign: Sign
    name: str
    """Of a parameter, a setting or a layer; `limits.parameters`, `forbid`, `presets.first`."""
    text: str
    """`8 to 64, log -> 8 to 128, log (wider)`"""

    def __str__(self) -> str:
        return f"{self.sign} {self.name}: {self.text}"


def differences(old: SearchSpace, new: SearchSpace) -> tuple[Difference, ...]:
    """What is new, gone or changed in the second. Empty where both make the same configurations in the same order.

    Names of spaces, descriptions, comments and published figures are no difference.
    """
    before, after = old.outline(), new.outline()
    return (
        *_settings(before, after),
        *_layers(before, after),
        *_limits(old, new),
        *_rules(old, new),
        *_presets(old, new, {*before.written_out, *after.written_out}),
    )


# --- settings ---------------------------------------------------------------------------------------------------------


def _settings(old: Outline, new: Outline) -> Iterator[Difference]:
    before, after = _told(old), _told(new)
    for name in _in_order(before, after):
        if name not in after:
            yield Difference(sign="-", name=name, text=_text(before[name]))
        elif name not in before:
            yield Difference(sign="+", name=name, text=_text(after[name], with_default=True))
        elif changed := _changed(before[name], after[name]):
            yield Difference(sign="~", name=name, text=changed)


def _told(outline: Outline) -> dict[str, Parameter | str]:
    """Each setting as a parameter, or as the text that stands there."""
    constants = {name: shown(value) for name, value in outline.written_out.items()}
    return {**outline.parameters, **constants, **outline.derived}


def _in_order(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    return list(dict.fromkeys([*before, *after]))


def _text(setting: Parameter | str, *, with_default: bool = False) -> str:
    if isinstance(setting, str):
        return setting
    return setting.domain.describe() + (f", default {shown(setting.default)}" if with_default else "")


def _changed(old: Parameter | str, new: Parameter | str) -> str:
    """What changed; '' where nothing did."""
    match old, new:
        case Parameter(), Parameter():
            return ", ".join(filter(None, [_domain(old.domain, new.domain), _default(old, new)]))
        case str(), Parameter():
            return f"{old} -> {_text(new, with_default=True)} (searched now)"
        case Parameter(), str():
            return f"{_text(old)} -> {new} (fixed now)"
    return "" if old == new else f"{_text(old)} -> {_text(new)}"


def _domain(old: Domain, new: Domain) -> str:
    if old == new:
        return ""
    return f"{old.describe()} -> {new.describe()}{_kind_of_change(old, new)}"


def _kind_of_change(old: Domain, new: Domain) -> str:
    match old, new:
        case Choice(), Choice():
            added = [shown(option) for option in new.options if not old.contains(option)]
            gone = [shown(option) for option in old.options if not new.contains(option)]
            words = [f"new: {', '.join(added)}" if added else "", f"gone: {', '.join(gone)}" if gone else ""]
            return f" ({'; '.join(filter(None, words)) or 'in another order'})"
        case ((Int() | Float()), (Int() | Float())):
            holds, held = new.low <= old.low and new.high >= old.high, old.low <= new.low and old.high >= new.high
            word = "" if holds and held else "wider" if holds else "narrower" if held else "moved"
            return f" ({word})" if word else ""
    return ""


def _default(old: Parameter, new: Parameter) -> str:
    return "" if old.default == new.default else f"default {shown(old.default)} -> {shown(new.default)}"


# --- what else a space is made of -------------------------------------------------------------------------------------


def _layers(old: Outline, new: Outline) -> Iterator[Difference]:
    """Those that no setting tells of, and the order of those that both have."""
    told = [*_told(old), *_told(new)]
    for path in _in_order(old.layers, new.layers):
        was, now = old.layers.get(path), new.layers.get(path)
        if was and now and was != now:
            yield Difference(sign="~", name=path, text=f"layer {was} -> {now}")
        elif was != now and not any(name.startswith(f"{path}.") for name in told):
            yield Difference(sign="-" if was else "+", name=path, text="layer")
    if [path for path in old.layers if path in new.layers] != [path for path in new.layers if path in old.layers]:
        yield Difference(sign="~", name="layers", text="they stand in another order")


def _limits(old: SearchSpace, new: SearchSpace) -> Iterator[Difference]:
    for field in fields(old.limits):
        was, now = getattr(old.limits, field.name), getattr(new.limits, field.name)
        if was != now:
            sign: Sign = "+" if was is None else "-" if now is None else "~"
            text = " -> ".join(f"{limit:,}" for limit in (was, now) if limit is not None)
            yield Difference(sign=sign, name=f"limits.{field.name}", text=text)


def _rules(old: SearchSpace, new: SearchSpace) -> Iterator[Difference]:
    before, after = ([str(rule) for rule in space.forbids.rules] for space in (old, new))
    yield from (Difference(sign="-", name="forbid", text=rule) for rule in before if rule not in after)
    yield from (Difference(sign="+", name="forbid", text=rule) for rule in after if rule not in before)


def _presets(old: SearchSpace, new: SearchSpace, settled: Container[str]) -> Iterator[Difference]:
    """By the values that they name, but for settings that one of the spaces does not search."""
    before, after = (
        {
            name: {each: value for each, value in preset.values.items() if each not in settled}
            for name, preset in space.presets.items()
        }
        for space in (old, new)
    )
    for name in _in_order(before, after):
        was, now = before.get(name), after.get(name)
        if was == now:
            continue
        sign: Sign = "+" if was is None else "-" if now is None else "~"
        changed = {each: value for each, value in (now or {}).items() if not was or was.get(each, ...) != value}
        text = ", ".join(f"{each} = {flow(value)}" for each, value in changed.items())
        yield Difference(sign=sign, name=f"presets.{name}", text=text or "fewer values are named")
