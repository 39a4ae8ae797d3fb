"""Which precision a study gets, where that is said, and that it keeps it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes.job import Job, make

import tuner.data
import tuner.run
from reports import render_markdown
from search_spaces import SearchSpace
from tuner.cli.boundary import run_program
from tuner.cli.screen import PlainScreen
from tuner.errors import StudyError
from tuner.events import Computing, TrialBegan
from tuner.jobs import TrainingJobs
from tuner.opening import plan_of
from tuner.plan import AUTO, PRECISIONS, Budget, Plan
from tuner.precision import precision_for
from tuner.slots import Slot
from tuner.study import Folder, Study, study_folder
from tuner.trial import WHOLE

CPU = Slot(name="CPU")
A100 = Slot(name="GPU 0 (A100)", device="GPU-0", compute_capability=(8, 0))
T4 = Slot(name="GPU 1 (T4)", device="GPU-1", compute_capability=(7, 5))
P100 = Slot(name="GPU 2 (P100)", device="GPU-2", compute_capability=(6, 0))
SILENT = Slot(name="GPU 3", device="GPU-3")


@pytest.mark.parametrize(
    ("slots", "name", "why"),
    [
        ([CPU], "float32", "auto: on a CPU"),
        ([], "float32", "auto: on a CPU"),
        ([A100], "mixed_bfloat16", "auto: GPU 0 (A100) has compute capability 8.0"),
        ([A100, T4], "mixed_float16", "auto: GPU 1 (T4) has compute capability 7.5"),
        ([T4, P100, A100], "float32", "auto: GPU 2 (P100) has compute capability 6.0"),
        ([A100, SILENT], "float32", "auto: the compute capability of GPU 3 is not known"),
    ],
    ids=str,
)
def test_the_weakest_device_decides_and_is_named(slots: list[Slot], name: str, why: str) -> None:
    found = precision_for(slots, AUTO)
    assert (found.name, found.why) == (name, why)


@pytest.mark.parametrize("wanted", PRECISIONS)
def test_what_is_asked_for_is_what_one_gets_everywhere(wanted: str) -> None:
    assert {precision_for([slot], wanted).name for slot in (CPU, A100, T4, P100, SILENT)} == {wanted}


def test_who_asks_for_what_the_devices_are_slow_in_is_told_so() -> None:
    assert (
        precision_for([A100, T4], "mixed_bfloat16").why == "as asked for, though GPU 1 (T4) has no tensor cores for it"
    )
    assert "a hundred times" in precision_for([CPU], "mixed_float16").why
    assert precision_for([CPU], "float32").why == precision_for([T4], "mixed_float16").why == "as asked for"


def test_a_study_of_a_version_that_knew_no_other_has_single_precision() -> None:
    plan = Plan(dataset="d", data_fingerprint="a", space="s", space_fingerprint="b", precision="mixed_float16")
    old = {name: value for name, value in plan.to_json().items() if name != "precision"}
    assert Plan.from_json(old).precision == "float32"
    assert Plan.from_json(old).differences(plan) == ["precision: float32 -> mixed_float16"]


@pytest.fixture
def job(home: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    return make(home, monkeypatch)


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> Callable[[Slot], None]:
    """Lets runs find this device and no other."""

    def found(slot: Slot) -> None:
        monkeypatch.setattr(tuner.run, "slots", lambda *_, **__: (slot,))

    return found


def told(job: Job) -> list[tuple[str, str]]:
    return [(event.precision, event.why) for event in job.events if isinstance(event, Computing)]


def test_auto_is_settled_once_and_every_resume_keeps_it_and_says_what_it_would_be(
    job: Job, on: Callable[[Slot], None]
) -> None:
    on(A100)
    job.run(budget=Budget(trials=1))
    on(T4)
    outcome = job.run(budget=Budget(trials=2))
    assert Study.open(job.request.folder).plan.precision == "mixed_bfloat16"
    assert told(job) == [
        ("mixed_bfloat16", "auto: GPU 0 (A100) has compute capability 8.0"),
        ("mixed_bfloat16", "the study's own; auto would be mixed_float16 on these devices"),
    ]
    assert outcome.report.provenance.precision == "mixed_bfloat16"
    assert outcome.report.provenance.precision_reason == "auto: GPU 0 (A100) has compute capability 8.0"


def test_show_plan_and_report_say_what_it_is_and_why(
    job: Job, on: Callable[[Slot], None], capsys: pytest.CaptureFixture[str]
) -> None:
    on(A100)
    outcome = job.run(budget=Budget(trials=1))
    why = "auto: GPU 0 (A100) has compute capability 8.0"
    assert f"| precision | mixed_bfloat16 ({why}) |" in render_markdown(outcome.report)
    assert any("half precision" in sentence for sentence in outcome.report.provenance.protocol)
    assert run_program(["show", "s"]) == 0
    assert f"precision mixed_bfloat16 ({why})\none trial at a time: " in capsys.readouterr().out
    assert run_program(["show", "s", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["precision"], shown["precision_why"]) == ("mixed_bfloat16", why)
    (trial,) = shown["trials"]
    assert trial["stays"][0]["slot"] == trial["device"] == "GPU 0 (A100)"
    assert (trial["memory"], trial["device_memory"], trial["retries"]) == (1000, 0, 0)
    assert trial["waited"] > 0
    assert run_program(["plan", "digits", "--space", "mlp_v1", "--precision", "mixed_bfloat16", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["precision"] == {
        "name": "mixed_bfloat16",
        "why": "as asked for, though a CPU without AMX takes twice as long in it",
    }
    assert run_program(["plan", "digits", "--space", "mlp_v1"]) == 0
    assert "precision  float32 (auto: on a CPU)" in capsys.readouterr().out


def test_a_run_says_it_before_its_first_trial(job: Job) -> None:
    job.run(budget=Budget(trials=1))
    kinds = [type(event) for event in job.events]
    assert kinds.index(Computing) < kinds.index(TrialBegan)
    said: list[str] = []
    screen = PlainScreen(job.request, say=said.append)
    screen.event(next(event for event in job.events if isinstance(event, Computing)))
    assert said == ["precision float32 (auto: on a CPU)"]


def test_asking_a_study_for_another_precision_is_refused_with_both(job: Job) -> None:
    job.run(budget=Budget(trials=1))
    with pytest.raises(StudyError, match=r"\n  precision: float32 -> mixed_float16\n.*--study NAME"):
        job.run(precision="mixed_float16")
    job.run(precision="float32")


def test_a_study_that_goes_on_in_another_space_keeps_its_precision(job: Job, on: Callable[[Slot], None]) -> None:
    on(A100)
    job.run(budget=Budget(trials=1))
    on(CPU)
    wide = SearchSpace.parse(job.request.space.text.replace("[8, 64]", "[8, 128]"), "wide.yaml")
    new, old = study_folder("wide"), job.request.folder
    job.run(budget=Budget(trials=2), space=wide, folder=new, extends=old)
    assert Study.open(new).plan.precision == "mixed_bfloat16"
    with pytest.raises(StudyError, match="precision: mixed_bfloat16 -> float32"):
        job.run(space=wide, folder=study_folder("other"), extends=old, precision="float32")


def test_workers_are_told_and_take_up_no_checkpoint_of_another_precision(job: Job) -> None:
    digits = tuner.data.find("digits")

    def orders(precision: str) -> TrainingJobs:
        plan = plan_of(job.request, digits)
        changed = Plan.from_json({**plan.to_json(), "precision": precision})
        return TrainingJobs(folder=Folder(Path("s")), plan=changed, data=digits, space=job.request.space)

    trains = [orders(precision).train(3, job.request.space.default(), WHOLE) for precision in PRECISIONS]
    assert [train.precision for train in trains] == list(PRECISIONS)
    assert len({train.identity for train in trains}) == len(PRECISIONS)
    plain, seed = trains[0], trains[0].seed
    # As before there was another: checkpoints of older versions stay good.
    assert plain.identity == f"{job.request.space.default().hash}-{seed}-{digits.fingerprint}"
