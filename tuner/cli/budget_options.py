"""The options that say how much a search may spend: trials, time, patience with a trial."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from tuner.cli.words import WholeNumber

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tuner.plan import Budget


class Span(click.ParamType["float | None"]):
    """A time such as 15m, in seconds; infinite for `none`."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float | None:
        from tuner.errors import UsageError
        from tuner.plan import seconds

        if value is None or isinstance(value, float):
            return value
        try:
            return math.inf if value == "none" else seconds(value)
        except UsageError as error:
            self.fail(str(error), param, ctx)


@dataclass(frozen=True, kw_only=True)
class BudgetOptions:
    """What the command line says of the budget; None where it says nothing."""

    trials: int | None
    timeout: float | None
    trial_timeout: float | None
    retries: int | None

    def budget(self, last: Mapping[str, Any], usual_trials: int) -> Budget:
        """What was not said is as in the last run, and where there was none as it is by default."""
        from tuner.plan import RETRIES, Budget

        return Budget(
            trials=self.trials or last.get("trials", usual_trials),
            timeout=_span(self.timeout, last.get("timeout")),
            trial_timeout=_span(self.trial_timeout, last.get("trial_timeout")),
            retries=last.get("retries", RETRIES) if self.retries is None else self.retries,
        )


def _span(said: float | None, last: float | None) -> float | None:
    """Seconds; None where there is no limit."""
    if said is None:
        return last
    return None if math.isinf(said) else said


NO_LAST_RUN: Mapping[str, Any] = {}


def with_budget_options(
    *, trials: str = "Finished trials in total.", timeout: str = "Time for this run.", default: str = ""
) -> Callable[[Any], Any]:
    """A decorator that adds the options, with such words; the command gets them as one BudgetOptions named `budget`."""
    options = (
        click.option("--trials", type=WholeNumber(1), metavar="N", help=trials),
        click.option("--timeout", type=Span(), help=timeout),
        click.option(
            "--trial-timeout",
            type=Span(),
            help=f"End a trial that has trained for this time; it counts as failed. none for no limit.{default}",
        ),
        click.option(
            "--retries",
            type=WholeNumber(0),
            metavar="N",
            help="Begin a trial that was cut off again, so often without a new epoch." + (default or "  [default: 2]"),
        ),
    )

    def decorate(command: Any) -> Any:
        @functools.wraps(command)
        def with_one(
            *arguments: Any,
            trials: int | None,
            timeout: float | None,
            trial_timeout: float | None,
            retries: int | None,
            **others: Any,
        ) -> Any:
            said = BudgetOptions(trials=trials, timeout=timeout, trial_timeout=trial_timeout, retries=retries)
            return command(*arguments, budget=said, **others)

        for option in reversed(options):
            with_one = option(with_one)
        return with_one

    return decorate
