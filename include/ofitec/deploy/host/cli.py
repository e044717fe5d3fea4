"""The verbs of the host program. Each prints one JSON object on standard output, progress on standard error.

Exit status: 0, or 1 with {"error": ..., "kind": ...}, the error a whole sentence.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from ofitec.deploy.host.machine.engine import Engine
from ofitec.deploy.host.record.home import Home
from ofitec.deploy.host.record.terms import Terms
from ofitec.deploy.host.run import apply, plan, recover, secrets
from ofitec.deploy.host.run.init import init
from ofitec.deploy.host.run.prune import prune
from ofitec.deploy.host.run.rehearse import rehearse
from ofitec.deploy.host.run.status import status
from ofitec.deploy.host.run.supervise import supervise
from ofitec.deploy.host.run.unlock import unlock
from ofitec.deploy.host.run.up import up
from ofitec.deploy.host.run.workers import resize, workers
from ofitec.errors import OfitecError


def main(argv: Sequence[str]) -> int:
    """Run one verb; returns the exit status."""
    args = _parser().parse_args(argv)
    try:
        home = Home.open(Path(args.home).resolve())
        answer = args.do(home, args)
    except OfitecError as error:
        _print({"error": str(error), "kind": type(error).__name__})
        return 1
    if isinstance(answer, int):
        return answer
    _print(answer)
    return 0


def _print(answer: Any) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ofitec-host", description="Deploys Odoo on this host.")
    parser.add_argument("--home", default=os.environ.get("OFITEC_HOME", "."), help="the installation's folder")
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    def verb(name: str, do: Any, text: str) -> argparse.ArgumentParser:
        made = verbs.add_parser(name, help=text, description=text)
        made.set_defaults(do=do)
        return made

    verb("secrets", lambda home, _: secrets.make(home), "make the secrets that are missing, 0600")
    made = verb("init", _init, "first start on a new host, or on a database that exists")
    made.add_argument("--image", required=True)
    made.add_argument("--modules", default="base,l10n_cl,of_sii_cl", help="for a new database")
    verb("up", lambda home, _: up(home), "start what belongs to the recorded release")
    verb("workers", lambda home, _: workers(home), "how many processes what serves has")
    verb("status", lambda home, _: status(home), "what serves, who holds the lock, the last run")
    made = verb("plan", _plan, "lock, check, pull and classify; changes nothing that serves")
    _planned(made)
    made.add_argument("--image", required=True)
    made.add_argument("--modules", default="", help="modules to upgrade beside those whose version rose")
    made.add_argument("--upgrade-hours", default="", help="--hours of an upgrade, where those are empty")
    made = verb("plan-rollback", _plan_rollback, "lock and plan the return to the previous release")
    _planned(made)
    made.add_argument("--discard-writes-since", default="", metavar="MOMENT", help="allow a return over an upgrade")
    made = verb("plan-workers", _plan_workers, "lock and plan what serves again, with another number of workers")
    _planned(made)
    made.add_argument("--workers", type=int, required=True, help="processes of Odoo that answer requests")
    made = verb("rehearse", lambda home, args: rehearse(home, args.run), "upgrade a copy, timed")
    made.add_argument("--run", required=True)
    made = verb("apply", _apply, "carry an approved plan out, detached")
    made.add_argument("--run", required=True)
    made.add_argument("--here", action="store_true", help="in this process, and answer at its end")
    made = verb("supervise", lambda home, args: supervise(home, args.verb), "run a verb; recover if it is killed")
    made.add_argument("verb", nargs=argparse.REMAINDER)
    made = verb("recover", _recover, "settle an interrupted run")
    made.add_argument("--keep-new", action="store_true")
    made.add_argument("--discard-writes-since", default="", metavar="MOMENT")
    made = verb("unlock", lambda home, args: {"released": unlock(home, args.run)}, "give a lock back")
    made.add_argument("--run", required=True)
    verb("prune", lambda home, _: {"removed": prune(home, Engine(home))}, "remove old images and kept databases")
    return parser


def _planned(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--run", default="")
    parser.add_argument("--who", required=True)
    add_terms(parser)


def add_terms(parser: argparse.ArgumentParser, *, without: Sequence[str] = ()) -> None:
    """One option for each of the terms, under its own name."""
    for term in (each for each in fields(Terms) if each.name not in without):
        option = f"--{term.name.replace('_', '-')}"
        parser.add_argument(option, type=term.type, default=term.default, help=term.metadata["help"])


def _init(home: Home, args: argparse.Namespace) -> Any:
    return init(home, args.image, args.modules.split(","))


def _plan(home: Home, args: argparse.Namespace) -> Any:
    modules = [name for name in args.modules.split(",") if name]
    asked = {"run": args.run or plan.new_run(), "who": args.who, "terms": Terms.of(vars(args))}
    return plan.deploy(home, **asked, image=args.image, modules=modules, upgrade_hours=args.upgrade_hours).shown()


def _plan_rollback(home: Home, args: argparse.Namespace) -> Any:
    asked = {"run": args.run or plan.new_run(), "who": args.who, "terms": Terms.of(vars(args))}
    return plan.rollback(home, **asked, discard_since=args.discard_writes_since).shown()


def _plan_workers(home: Home, args: argparse.Namespace) -> Any:
    asked = {"run": args.run or plan.new_run(), "who": args.who, "terms": Terms.of(vars(args))}
    return resize(home, **asked, number=args.workers).shown()


def _apply(home: Home, args: argparse.Namespace) -> Any:
    if args.here:
        return apply.apply(home, args.run).shown()
    return {"run": args.run, "pid": apply.detached(home, args.run)}


def _recover(home: Home, args: argparse.Namespace) -> Any:
    return recover.recover(home, keep_new=args.keep_new, discard_since=args.discard_writes_since)
