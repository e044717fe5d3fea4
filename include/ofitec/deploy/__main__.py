"""`make deploy` and `make rollback`: the same gates from a terminal, for the day Airflow is down.

Connections come from the environment (AIRFLOW_CONN_ODOO_HOST, AIRFLOW_CONN_OFITEC_LEDGER, AIRFLOW_CONN_SLACK_DEFAULT);
no part of Airflow needs to run. With nothing but a shell on Odoo's host, its program there does the same:
docs/operations.md.
"""

import argparse
import getpass
import logging
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from ofitec.deploy import steps
from ofitec.deploy.host.cli import add_terms
from ofitec.deploy.host.record.plans import Mode, Plan
from ofitec.deploy.host.record.terms import Terms
from ofitec.errors import OfitecError

_DAG = "terminal"


def main(argv: Sequence[str]) -> int:
    """Plan, ask, carry out; returns the exit status."""
    args = _parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    logging.getLogger("paramiko").setLevel(logging.WARNING)
    moment = datetime.now(UTC)
    run_id = f"terminal__{moment:%Y%m%dT%H%M%S%f}"
    run = steps.host_run(run_id, moment)
    plan: Plan | None = None
    try:
        plan = _plan(args, run, run_id)
        _show(plan)
        if not args.yes and input("Type yes to go on: ").strip() != "yes":
            return 1
        if plan.mode is Mode.MIGRATE:
            steps.require_proven_backup(plan, hours=args.backup_hours)
            _say("Rehearsing the upgrade on a neutralised copy ...")
            _say(f"About {steps.rehearse(plan)['predicted']:.0f} s without service.")
        _say("At work; Ctrl-C leaves the run going on at the host.")
        steps.apply(plan)
    except OfitecError as error:
        _say(f"\033[31m{error}\033[0m" if sys.stderr.isatty() else str(error))
        return 1
    finally:
        outcome = _settled(plan, run, run_id)
    _say(f"Finished: {outcome} in {(datetime.now(UTC) - moment).total_seconds():.0f} s.")
    return 0


def _plan(args: argparse.Namespace, run: str, run_id: str) -> Plan:
    terms = Terms.of(vars(args))
    who = {"run": run, "who": getpass.getuser(), "dag_id": _DAG, "run_id": run_id}
    if args.verb == "rollback":
        return steps.plan_rollback(args.discard_writes_since, terms, **who)
    return steps.plan_deploy(args.image, [name for name in args.modules.split(",") if name], terms, **who)


def _settled(plan: Plan | None, run: str, run_id: str) -> str:
    try:
        return steps.settle(plan, run=run, url="", dag_id=_DAG, run_id=run_id)
    except OfitecError as error:
        _say(str(error))
        return "not settled"


def _show(plan: Plan) -> None:
    _say(f"Image    {plan.image}\nServing  {plan.current.image} since {plan.current.at}")
    _say(f"Kind     {plan.mode}, {'without interruption' if plan.mode is Mode.CODE else 'with a maintenance page'}")
    for change in plan.modules:
        _say(f"Upgrade  {change.name} {change.before} -> {change.after}")
    if begins := steps.opening(plan, datetime.now(UTC)):
        _say(f"Careful  outside of the hours {plan.terms.hours}, which begin at {begins:%Y-%m-%d %H:%M} UTC")
    for name in plan.silent_changes:
        _say(f"Careful  {name} changed without a new version: its views and fields will not be loaded")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ofitec.deploy")
    verbs = parser.add_subparsers(dest="verb", required=True)
    deploy = verbs.add_parser("deploy", help="bring an image into service")
    deploy.add_argument("--image", required=True, help="registry/name@sha256:... or registry/name:tag")
    deploy.add_argument("--modules", default="", help="modules to upgrade beside those whose version rose")
    deploy.add_argument("--backup-hours", type=float, default=24, help="age allowed of the proven backup (upgrades)")
    rollback = verbs.add_parser("rollback", help="return to the release before")
    rollback.add_argument("--discard-writes-since", default="", metavar="MOMENT")
    for verb in (deploy, rollback):
        add_terms(verb, without=("hours",))  # a person at a terminal is there: it is told of them, and does not wait
        verb.add_argument("--yes", action="store_true", help="do not ask")
    return parser


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
