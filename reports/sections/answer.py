"""The answer: three computed sentences and the headline numbers."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from reports import drawing, text
from reports.page import Block, Facts, Plot, Plots, Prose, Section, Tile, Tiles
from reports.scoring import score_title, scored_on
from reports.standing import leader, overlap, ranking, score_of, states, wilson, winner_again

if TYPE_CHECKING:
    from reports.confirmed import ConfirmedTrial
    from reports.report import Evaluation, Model, Proportion, Report, TrialRow


def section(report: Report) -> Section:
    sentences = (_what_won(report), _validation_and_test(report), _how_found(report))
    blocks: list[Block] = [Tiles(items=_tiles(report))]
    blocks += [Prose(text=sentence, tone="lead") for sentence in sentences]
    if report.evaluation is not None:
        blocks += _kept_apart(report, report.evaluation)
    return Section(anchor="answer", title="The answer", blocks=tuple(blocks))


def _what_won(report: Report) -> str:
    first = leader(report)
    if report.model is not None and report.evaluation is not None:
        test = report.evaluation.accuracy
        return (
            f"{_winner(report, report.model)} won: a model of {text.plural(report.model.parameters, 'parameter')} that "
            f"is right on {text.percent(test.value)} of the {text.count(test.n)} test images "
            f"(95 % interval {text.interval(test)})."
        )
    if first is None:
        return "No trial has completed yet, so there is no best model to show."
    lead = "has been retrained, but not yet tested" if report.model else "leads so far; nothing has been retrained yet"
    size = "" if first.parameters is None else f" with {text.plural(first.parameters, 'parameter')}"
    return f"{_called(first)}{size} {lead}."


def _winner(report: Report, model: Model) -> str:
    if model.preset:
        return f"The preset “{model.preset}” (trial {model.trial})"
    return f"Trial {model.trial}, proposed by {report.search.algorithm},"


def _called(trial: TrialRow) -> str:
    return f"The preset “{trial.preset}” (trial {trial.number})" if trial.preset else f"Trial {trial.number}"


def _validation_and_test(report: Report) -> str:
    if report.evaluation is not None:
        return _comparison(report, report.evaluation)
    first = leader(report)
    if first is None or first.score is None:
        return "The test set is still sealed."
    score = score_of(report, first)
    known = f" ({text.interval(score)})" if score.n else ""
    luck = ", the best of several noisy scores and so partly luck" if len(_compared(report)) > 1 else ""
    return (
        f"It scored {text.percent(score.value)} {scored_on(report, score.n)}{known}"
        f"{luck}; the test set is still sealed, so this is not yet an accuracy to quote."
    )


def _comparison(report: Report, evaluation: Evaluation) -> str:
    again = winner_again(report)
    if again is not None:
        return _comparison_with_mean(report, evaluation, again)
    score, n_compared, last = evaluation.validation, len(_compared(report)), ""
    if n_compared < len(ranking(report)):
        last = " in the last round"
    luck = f", the best of {n_compared} complete trials{last} and so partly luck" if n_compared > 1 else ""
    return (
        f"In the search the same configuration scored {text.percent(score.value)} {scored_on(report, score.n)} "
        f"({text.interval(score)}){luck}; {_verdict(report, score, evaluation.accuracy)}, "
        "and the test score is the one to quote."
    )


def _comparison_with_mean(report: Report, evaluation: Evaluation, again: ConfirmedTrial) -> str:
    n_seeds = sum(score is not None for score in again.scores)
    mean = _judged(report, evaluation)
    how = f"{text.percent(mean.value)} on average" if n_seeds > 1 else text.percent(mean.value)
    verdict = _verdict(report, mean, evaluation.accuracy)
    return (
        f"Trained again under {text.plural(n_seeds, 'fresh seed')}, the same configuration scored {how} "
        f"{scored_on(report, mean.n)} ({text.interval(mean)}), {_distance(mean.value - again.searched)} the score that "
        f"the search found it by; {verdict}, and the test score is the one to quote."
    )


def _judged(report: Report, evaluation: Evaluation) -> Proportion:
    """The winner's validation accuracy: its mean under fresh seeds where there is one, else its score in the search."""
    again = winner_again(report)
    return evaluation.validation if again is None else wilson(again.mean or 0.0, evaluation.validation.n)


def _compared(report: Report) -> list[TrialRow]:
    """The complete trials that were scored on as many images as the leader, which is one of them."""
    first = leader(report)
    return [trial for trial in ranking(report) if first and trial.scored_on == first.scored_on]


def _verdict(report: Report, validation: Proportion, test: Proportion) -> str:
    where = f"that is {_distance(validation.value - test.value)} the test score"
    if overlap(validation, test):
        return f"{where}, and as the two intervals overlap, these images do not show that the two differ"
    those = "the validation images too" if report.cross_validation is None else "all folds together"
    retrained = "" if validation.value > test.value else f" (the tested model was trained on {those})"
    return f"{where}, more than the two intervals explain{retrained}"


def _distance(difference: float) -> str:
    points = f"{100 * abs(difference):.1f}"
    if points == "0.0":
        return "within 0.1 points of"
    return f"{points} points {'above' if difference > 0 else 'below'}"


def _how_found(report: Report) -> str:
    search = report.search
    if not report.trials:
        return "No trial has started yet."
    lead = "The search has made" if search.running else "The search made"
    return (
        f"{lead} {text.plural(len(report.trials), 'trial')} ({_by_state(report)}) with {search.engine} "
        f"({_method(report)}) in {text.span(search.seconds)}{_sessions(search.sessions)}"
        f"{'' if search.running or not search.stopped_by else f' and ended because {search.stopped_by}'}."
    )


def _method(report: Report) -> str:
    pruner = report.search.pruner
    return report.search.algorithm if pruner in {"", "none"} else f"{report.search.algorithm}, {pruner} pruner"


def _by_state(report: Report) -> str:
    return text.listed([f"{n:,} {state}" for state, n in states(report).items()])


def _sessions(n: int) -> str:
    return "" if n <= 1 else f" over {n} sessions"


def _tiles(report: Report) -> tuple[Tile, ...]:
    first = leader(report)
    size = report.model.parameters if report.model else first.parameters if first else None
    return (
        _accuracy_tile(report, first),
        Tile(label="Parameters", value="none yet" if size is None else text.count(size), detail="weights of the model"),
        Tile(label="Trials", value=text.count(len(report.trials)), detail=_by_state(report)),
        Tile(label="Search time", value=text.span(report.search.seconds), detail=_asked(report)),
    )


def _accuracy_tile(report: Report, first: TrialRow | None) -> Tile:
    if report.evaluation is not None:
        test = report.evaluation.accuracy
        return Tile(
            label="Test accuracy", value=text.percent(test.value), detail=f"95 % interval {text.interval(test)}"
        )
    if first is None or first.score is None:
        return Tile(label=score_title(report), value="none yet", detail="no trial has completed")
    score = score_of(report, first)
    detail = f"95 % interval {text.interval(score)}" if score.n else "best so far"
    return Tile(label=f"{score_title(report)} so far", value=text.percent(score.value), detail=detail)


def _asked(report: Report) -> str:
    timeout = report.search.timeout
    limit = "no time limit" if timeout is None else f"at most {text.span(timeout)}"
    return f"{text.plural(report.search.trials_asked, 'trial')} asked for, {limit}"


def _kept_apart(report: Report, evaluation: Evaluation) -> list[Block]:
    validation, test = _judged(report, evaluation), evaluation.accuracy
    folds = report.cross_validation is not None
    which, chose = ("Folds", "The folds") if folds else ("Validation", "Validation images")
    mean = "" if winner_again(report) is None else "; it is the mean under fresh seeds, which flatters less"
    retrained = "was trained on all folds together" if folds else "also saw the validation images"
    plot = Plot(
        name="scores",
        title=f"{which} and test, kept apart",
        caption="The dot is the share of images classified correctly; the bar is where the true accuracy lies with "
        f"95 % confidence, given how many images were looked at. {chose} chose the winner, so their score "
        f"tends to flatter it{mean}. Test images took no part in any choice. The tested model is the retrained one, "
        f"which {retrained}.",
        alt=f"{score_title(report)} {text.percent(validation.value)}, 95 % interval {text.interval(validation)}; "
        f"test accuracy {text.percent(test.value)}, 95 % interval {text.interval(test)}.",
        draw=partial(drawing.scores, validation, test, which.lower()),
    )
    blocks: list[Block] = [Plots(items=(plot,)), Facts(title="In numbers", items=_numbers(report, evaluation))]
    if evaluation.times_opened > 1:
        blocks.append(Prose(text=_opened_again(evaluation.times_opened), tone="note"))
    return blocks


def _numbers(report: Report, evaluation: Evaluation) -> tuple[tuple[str, str], ...]:
    validation, test, again = evaluation.validation, evaluation.accuracy, winner_again(report)
    mean = _judged(report, evaluation)
    loss = f"{evaluation.loss:.4f} nats" if math.isfinite(evaluation.loss) else "not finite"
    return (
        ("Test accuracy", f"{_of(test)}, 95 % interval {text.interval(test)}"),
        ("Test loss", f"{loss} (cross-entropy; 0 is perfect)"),
        *([("Mean under fresh seeds", f"{_of(mean)}, 95 % interval {text.interval(mean)}")] if again else []),
        (score_title(report), f"{_of(validation)}, 95 % interval {text.interval(validation)}"),
    )


def _of(score: Proportion) -> str:
    return f"{text.percent(score.value, 2)} of {text.plural(score.n, 'image')}"


def _opened_again(times: int) -> str:
    return (
        f"The test set has been opened {times} times. Whoever has seen a test score may choose by it: only the first "
        "one was untouched by choices."
    )
