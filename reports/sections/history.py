"""How it was found: every trial's score in order, and against time."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from reports import drawing, text
from reports.page import Block, Facts, Plot, Plots, Prose, Section
from reports.scoring import score_title
from reports.standing import leader, ranking, states

if TYPE_CHECKING:
    from reports.report import Origin, Report


def section(report: Report) -> Section:
    blocks: list[Block] = []
    plots = _plots(report)
    if plots:
        blocks.append(Plots(items=plots))
    else:
        blocks.append(Prose(text="No trial has a score yet, so there is no history to draw."))
    if report.search.origin:
        blocks.append(Prose(text=_carried(report.search.origin)))
    blocks.append(Facts(title="The search", items=_facts(report)))
    return Section(anchor="history", title="How it was found", blocks=tuple(blocks))


def _carried(origin: Origin) -> str:
    of = f"Of its {text.plural(origin.finished, 'finished trial')}"
    left = f" Another {text.plural(origin.cut_off, 'trial')} had been cut off there." if origin.cut_off else ""
    begin = f"This study goes on where study {origin.study} stood, in another search space. {of}"
    reasons = "; ".join(origin.reasons)
    if not origin.carried:
        return f"{begin}, none could be carried over{f': {reasons}' if reasons else ''}.{left}"
    verb = "was" if origin.carried == 1 else "were"
    why = f" The rest were not: {reasons}." if reasons else ""
    return (
        f"{begin}, {origin.carried} {verb} carried over with scores and seeds, since this space can make them too."
        f"{why}{left} What was carried over was trained there: the search time does not count it, and the figure "
        "against time does not show it."
    )


def _plots(report: Report) -> tuple[Plot, ...]:
    if all(trial.score is None for trial in report.trials):
        return ()
    first = leader(report)
    marked = None if first is None else (first.number, "winner" if report.model else "leader")
    lower = " Marks in the row 'lower' scored below the scale, or ended before a score."
    below = lower if drawing.below_scale(report.trials) else ""
    plots = [
        Plot(
            name="history_trials",
            title="Score of each trial",
            caption=f"One mark is one trial: {_what_it_shows(report)}. The line is the best "
            f"complete trial so far; where it runs flat, the search found nothing better.{below}",
            alt=_alt(report, "trial number"),
            draw=partial(drawing.history_by_trial, report.trials, marked),
        )
    ]
    if any(trial.finished_after is not None and trial.score is not None for trial in report.trials):
        plots.append(
            Plot(
                name="history_time",
                title="The same against time",
                caption=f"The same marks, placed by when each trial ended.{_what_time_shows(report)}",
                alt=_alt(report, "time"),
                draw=partial(drawing.history_by_time, report.trials, marked),
            )
        )
    return tuple(plots)


def _what_it_shows(report: Report) -> str:
    if report.cross_validation is None:
        return "how many validation images its best epoch got right"
    rise = ". Later rounds of halving have more images, and better scores for that"
    return f"how many images its folds got right on average{rise if _halved(report) else ''}"


def _halved(report: Report) -> bool:
    return len({trial.scored_on for trial in report.trials if trial.scored_on}) > 1


def _what_time_shows(report: Report) -> str:
    if report.cross_validation is not None:  # a grid ends, and rounds of halving rise by themselves
        return ""
    return (
        " It shows what a longer search would have been worth: a line still rising at the right end says that more "
        "time may help."
    )


def _alt(report: Report, against: str) -> str:
    counted = text.listed([f"{n} {state}" for state, n in states(report).items()])
    best = next(iter(ranking(report)), None)
    end = "" if best is None or best.score is None else f" The best is trial {best.number}, {text.percent(best.score)}."
    return f"{score_title(report)} of {counted} trials against {against}.{end}"


def _facts(report: Report) -> tuple[tuple[str, str], ...]:
    search = report.search
    timeout = "none" if search.timeout is None else text.span(search.timeout)
    training = sum(trial.seconds for trial in report.trials)
    return (
        ("Engine and algorithm", f"{search.engine}, {search.algorithm}"),
        ("Pruner", search.pruner or "none"),
        ("Started", text.moment(search.started)),
        ("Search time", f"{text.span(search.seconds)} in {text.plural(search.sessions, 'session')}"),
        ("Training time of all trials", text.span(training)),
        ("Asked for", f"{text.plural(search.trials_asked, 'trial')}; time limit: {timeout}"),
        ("Ended", "still going on" if search.running else search.stopped_by or "not recorded"),
    )
