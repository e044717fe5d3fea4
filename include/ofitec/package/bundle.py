"""The DAGs that the wheel carries, as an Airflow DAG bundle: one line of configuration, no PYTHONPATH.

[dag_processor]
dag_bundle_config_list = [{"name": "ofitec", "classpath": "ofitec.package.bundle.OfitecDagBundle", "kwargs": {}}]
"""

import logging
from pathlib import Path
from typing import Any

from airflow.dag_processing.bundles.base import BaseDagBundle, BundleVersion

from ofitec.package.provider import package_version

log = logging.getLogger(__name__)

_PACKAGE = Path(__file__).resolve().parents[1]


def dags_folder() -> Path:
    """Where the DAG files are: in the installed package, or at the top of a checkout."""
    packaged = _PACKAGE / "dags"
    return packaged if packaged.is_dir() else _PACKAGE.parents[1] / "dags"


class OfitecDagBundle(BaseDagBundle):
    """The package's own DAGs; their version is the wheel's, so Airflow's DAG versions name the release that ran."""

    supports_versioning = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._installed = package_version()

    def initialize(self) -> None:
        """Says when a run was made by another release: one wheel is installed, so that one runs it."""
        if self.version and self.version != self._installed:
            log.warning(
                "This run was made by ofitec-ops %s; %s is installed here and runs it.", self.version, self._installed
            )
        super().initialize()

    def get_current_version(self) -> BundleVersion:
        """The installed wheel's version."""
        return BundleVersion(version=self._installed)

    def refresh(self) -> None:
        """An installed package does not change while it runs."""

    @property
    def path(self) -> Path:
        """Folder of the DAG files."""
        return dags_folder()
