"""The study on disk: one folder, Optuna's schema in SQLite, one writer."""

from tuner.home import studies_root
from tuner.study import inbox
from tuner.study.folder import Folder, find_study, list_lost, list_studies, study_folder
from tuner.study.holding import hold
from tuner.study.lock import is_held
from tuner.study.records import attributes
from tuner.study.snapshot import take_snapshot
from tuner.study.storage import open_storage, storage_errors
from tuner.study.study import Study

__all__ = [
    "Folder",
    "Study",
    "attributes",
    "find_study",
    "hold",
    "inbox",
    "is_held",
    "list_lost",
    "list_studies",
    "open_storage",
    "storage_errors",
    "studies_root",
    "study_folder",
    "take_snapshot",
]
