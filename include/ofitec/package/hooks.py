"""Hooks of the package's connection types: the *Test* button of Airflow's connection form really uses each."""

from abc import ABC, abstractmethod
from typing import Any

from airflow.sdk import BaseHook

from ofitec.errors import OfitecError


class _Tested(BaseHook, ABC):
    """A hook whose test says in one sentence what works, or what is wrong and what to do."""

    def __init__(self, conn_id: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.conn_id = conn_id or self.default_conn_name

    default_conn_name = ""

    def test_connection(self) -> tuple[bool, str]:
        """(worked, sentence), as Airflow's form shows it."""
        try:
            return True, self._use()
        except OfitecError as error:
            return False, str(error)

    @abstractmethod
    def _use(self) -> str:
        """Use the connection once; what worked, as a sentence.

        :raises OfitecError: what is wrong and what to do
        """


class OdooHook(_Tested):
    """Connection type `odoo`."""

    conn_name_attr, conn_type, hook_name, default_conn_name = "conn_id", "odoo", "Odoo", "odoo_default"

    def _use(self) -> str:
        from ofitec.doctor.odoo import signed_in

        return signed_in(self.conn_id)


class ResticHook(_Tested):
    """Connection type `restic`."""

    conn_name_attr, conn_type, hook_name, default_conn_name = (
        "conn_id",
        "restic",
        "Repositorio restic",
        "restic_default",
    )

    def _use(self) -> str:
        from ofitec.doctor.backups import repository_opens

        return repository_opens(self.conn_id)


class HostHook(_Tested):
    """Connection type `odoo_host`."""

    conn_name_attr, conn_type, hook_name, default_conn_name = "conn_id", "odoo_host", "Host de Odoo (SSH)", "odoo_host"

    def _use(self) -> str:
        from ofitec.doctor.deploys import host_answers

        return host_answers(self.conn_id)
