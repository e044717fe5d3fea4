"""The roles in Airflow's FAB auth manager: read and made by its own security manager, as `airflow roles` does."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ofitec.errors import InputError
from ofitec.roles.rights import ROLES, Difference, Permission, compare

_FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"


def require() -> None:
    """Say what to do where accounts are not FAB's.

    :raises InputError: with another auth manager
    """
    from airflow.configuration import conf

    used = str(conf.get("core", "auth_manager"))
    if used == _FAB:
        return
    if used.endswith(".SimpleAuthManager"):
        raise InputError(
            "This Airflow uses the simple auth manager, which has four fixed roles for all DAGs (viewer, user, op, "
            "admin in [core] simple_auth_manager_users) and is not for production: it cannot tell who may deploy from "
            f"who may run the F29. For these roles set AIRFLOW__CORE__AUTH_MANAGER={_FAB}, run `airflow db migrate` "
            "and this again. OFITEC_APPROVERS and OFITEC_FOUR_EYES hold with the simple auth manager too."
        )
    raise InputError(
        f"This Airflow uses {used}: accounts and rights are made where that one keeps them. docs/rights.md has the "
        "table of what each role may; OFITEC_APPROVERS and OFITEC_FOUR_EYES hold with any auth manager. This command "
        f"makes the roles of {_FAB} only."
    )


def differences() -> list[Difference]:
    """Each role as it should be against Airflow's."""
    with _security() as security:
        return compare(_found(security))


def make() -> list[Difference]:
    """Make and mend the roles; returns what was changed. What a person gave one of them beyond is taken away."""
    with _security() as security:
        changed = [difference for difference in compare(_found(security)) if difference]
        for difference in changed:
            role = security.find_role(difference.role) or security.add_role(difference.role)
            for action, resource in difference.missing:
                security.add_permission_to_role(role, security.create_permission(action, resource))
            for action, resource in difference.extra:
                security.remove_permission_from_role(role, security.get_permission(action, resource))
    return changed


@contextmanager
def _security() -> Iterator[Any]:
    require()
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
    from airflow.utils.providers_configuration_loader import providers_configuration_loaded

    providers_configuration_loaded(lambda: None)()  # the provider's own settings, which its commands read too
    with get_application_builder() as builder:
        yield builder.sm


def _found(security: Any) -> dict[str, frozenset[Permission]]:
    found = {name: security.find_role(name) for name in ROLES}
    return {
        name: frozenset((str(each.action.name), str(each.resource.name)) for each in role.permissions)
        for name, role in found.items()
        if role is not None
    }
