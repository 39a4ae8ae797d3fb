"""For how many epochs the winner is trained again."""

from __future__ import annotations

import pytest

from search_spaces import Component, EarlyStopping, Training
from tuner.finish.retrain import epochs_of
from tuner.trial import Epoch, Fold, Trial, TrialState

ONE_CYCLE = Component(kind="one_cycle", arguments={"warmup": 0.3, "start": 0.04, "end": 4e-6})
PLATEAU = Component(kind="plateau", arguments={"warmup": 0.0})


def trial(*scores: float) -> Trial:
    curve = tuple(Epoch(epoch=n, accuracy=0.9, loss=0.1, val_accuracy=score) for n, score in enumerate(scores, start=1))
    return Trial(number=0, state=TrialState.WAITING, curve=curve)


@pytest.mark.parametrize(
    ("schedule", "early_stopping", "epochs"),
    [
        (None, None, 2),
        (PLATEAU, None, 2),
        (ONE_CYCLE, None, 24),
        (ONE_CYCLE, EarlyStopping(patience=3), 2),
    ],
    ids=["constant", "plateau", "one cycle", "one cycle that may stop early"],
)
def test_the_winner_is_trained_to_its_best_epoch_or_to_the_end_of_its_schedule(
    schedule: Component | None, early_stopping: EarlyStopping | None, epochs: int
) -> None:
    adam = Component(kind="adam")
    training = Training(optimizer=adam, batch_size=32, epochs=24, schedule=schedule, early_stopping=early_stopping)

    assert epochs_of(trial(0.5, 0.9, 0.7), training, 24) == epochs


def test_a_cross_validated_winner_is_trained_for_all_epochs_as_its_folds_were() -> None:
    training = Training(optimizer=Component(kind="adam"), batch_size=32, epochs=24)
    folds = (Fold(fold=0, accuracy=0.8), Fold(fold=1, accuracy=0.9))

    assert epochs_of(Trial(number=0, state=TrialState.COMPLETE, folds=folds), training, 24) == 24
