"""`airflow ofitec ...`: what the package adds to Airflow's command line. Loaded by every `airflow` command: light."""

from typing import TYPE_CHECKING

from airflow.cli.cli_config import ActionCommand, Arg, GroupCommand, lazy_load_command

if TYPE_CHECKING:
    from airflow.cli.cli_config import CLICommand

_JSON = Arg(("--json",), help="One JSON object instead of lines", action="store_true")  # type: ignore[no-untyped-call]
_CHECK = Arg(("--check",), help="Change nothing, say what differs", action="store_true")  # type: ignore[no-untyped-call]

_PORT = Arg(("--port",), help="Loopback port of its page (8079)", type=int, default=8079)  # type: ignore[no-untyped-call]

_DATA = Arg(("--data",), help="Data directory of Odoo's PostgreSQL there", required=True)  # type: ignore[no-untyped-call]
_CLUSTER_PORT = Arg(("--port",), help="Its port (5432)", type=int, default=5432)  # type: ignore[no-untyped-call]
_TO = Arg(("--to",), help="File to write, mode 0600", required=True)  # type: ignore[no-untyped-call]


def get_commands() -> "list[CLICommand]":
    """The command group `ofitec`."""
    return [
        GroupCommand(
            name="ofitec",
            help="OFITEC ops: check this installation, migrate the ledger, make the roles",
            subcommands=(
                ActionCommand(
                    name="doctor",
                    help="Use every connection, program and folder once; say what is wrong and the next step",
                    description="Exit status 0: all is well; 1: something is missing or wrong.",
                    func=lazy_load_command("ofitec.doctor.command.run"),
                    args=(_JSON,),
                ),
                ActionCommand(
                    name="migrate",
                    help="Bring the ledger's schema to this package's version",
                    func=lazy_load_command("ofitec.ledger.command.migrate"),
                    args=(),
                ),
                ActionCommand(
                    name="roles",
                    help="Make the roles fiscal, ops, approver and viewer in Airflow's FAB auth manager, or mend them",
                    description="Exit status 0: they are as they should be; 1: they differ, or cannot be made.",
                    func=lazy_load_command("ofitec.roles.command.run"),
                    args=(_CHECK, _JSON),
                ),
                ActionCommand(
                    name="staging",
                    help="Run the staging Odoo on a loopback port, in a network namespace with no way out",
                    description="Runs until it is stopped; on each copy that odoo_staging makes it starts anew.",
                    func=lazy_load_command("ofitec.staging.command.run"),
                    args=(_PORT,),
                ),
                ActionCommand(
                    name="archive-config",
                    help="Write pgBackRest's configuration for the machine of Odoo's PostgreSQL",
                    description="Of connection pgbackrest_default, with its secrets (docs/continuous.md).",
                    func=lazy_load_command("ofitec.continuous.command.run"),
                    args=(_DATA, _CLUSTER_PORT, _TO),
                ),
            ),
        )
    ]
