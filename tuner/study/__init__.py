"""The study on disk: one folder, Optuna's schema in SQLite, one writer."""

from tuner.study.folder import Folder, find_study, list_studies, studies_root, study_folder
from tuner.study.lock import hold
from tuner.study.records import attributes
from tuner.study.storage import storage_errors
from tuner.study.study import Study

__all__ = [
    "Folder",
    "Study",
    "attributes",
    "find_study",
    "hold",
    "list_studies",
    "storage_errors",
    "studies_root",
    "study_folder",
]
