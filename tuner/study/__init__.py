"""The study on disk: one folder, Optuna's schema in SQLite, one writer.

What is imported from here loads neither Optuna nor SQLAlchemy: `Study` does when one is opened, `look` does not.
"""

from tuner.home import studies_root
from tuner.study.folder import Folder, find_study, list_lost, list_studies, study_folder
from tuner.study.holding import hold
from tuner.study.lock import is_held
from tuner.study.looking import look
from tuner.study.records import attributes
from tuner.study.snapshot import take_snapshot
from tuner.study.study import Study
from tuner.study.view import StudyView

__all__ = [
    "Folder",
    "Study",
    "StudyView",
    "attributes",
    "find_study",
    "hold",
    "is_held",
    "list_lost",
    "list_studies",
    "look",
    "studies_root",
    "study_folder",
    "take_snapshot",
]
