"""The verbs of the host program. Each prints one JSON object on standard output, progress on standard error.

Exit status: 0, or 1 with {"error": ..., "kind": ...}, the error a whole sentence.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ofitec.deploy.host.machine.engine import Engine
from ofitec.deploy.host.machine.proxy import Proxy, ProxyDown
from ofitec.deploy.host.record import lock, releases
from ofitec.deploy.host.record.home import Home
from ofitec.deploy.host.record.journal import Journal
from ofitec.deploy.host.run import apply, detach, first_start, plan, prune, recover, rehearse
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

    verb("secrets", lambda home, _: first_start.secrets_set(home), "make the secrets that are missing, 0600")
    made = verb("init", _init, "first start on a new host, or on a database that exists")
    made.add_argument("--image", required=True)
    made.add_argument("--modules", default="base,l10n_cl,of_sii_cl", help="for a new database")
    verb("up", lambda home, _: first_start.up(home), "start what belongs to the recorded release")
    verb("status", lambda home, _: status(home), "what serves, who holds the lock, the last run")
    made = verb("plan", _plan, "lock, check, pull and classify; changes nothing that serves")
    _run_and_who(made)
    made.add_argument("--image", required=True)
    made.add_argument("--modules", default="", help="modules to upgrade beside those whose version rose")
    made = verb("plan-rollback", _plan_rollback, "lock and plan the return to the previous release")
    _run_and_who(made)
    made.add_argument("--discard-writes-since", default="", metavar="MOMENT", help="allow a return over an upgrade")
    made = verb("rehearse", _rehearse, "upgrade a copy, timed")
    made.add_argument("--run", required=True)
    made.add_argument("--window", type=float, default=600)
    made = verb("apply", _apply, "carry the plan out, detached")
    _apply_options(made)
    made = verb("work", _work, "carry the plan out here; `apply` starts this")
    _apply_options(made)
    made = verb(
        "supervise", lambda home, args: detach.supervise(home, args.verb), "run a verb; recover if it is killed"
    )
    made.add_argument("verb", nargs=argparse.REMAINDER)
    made = verb("recover", _recover, "settle an interrupted run")
    made.add_argument("--keep-new", action="store_true")
    made.add_argument("--discard-writes-since", default="", metavar="MOMENT")
    made = verb("unlock", lambda home, args: {"released": recover.release_lock(home, args.run)}, "give a lock back")
    made.add_argument("--run", required=True)
    verb("prune", lambda home, _: {"removed": prune.prune(home, Engine(home))}, "remove old images and kept databases")
    return parser


def _run_and_who(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--run", default="")
    parser.add_argument("--who", required=True)


def _apply_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--run", required=True)
    parser.add_argument("--window", type=float, default=600, help="seconds of maintenance allowed")
    parser.add_argument("--watch", type=float, default=60, help="seconds")
    parser.add_argument("--canary", type=int, default=0, choices=range(100), metavar="PERCENT")
    parser.add_argument("--canary-seconds", type=float, default=300)


def status(home: Home) -> dict[str, Any]:
    """{current, previous, lock, journal, proxy}; the journal with "alive": whether its process runs."""
    record, journal = releases.load(home), Journal.load(home)
    shown = [{k: v for k, v in vars(entry).items() if k != "sources"} for entry in record.releases[-2:]]
    return {
        "current": shown[-1] if shown else None,
        "previous": shown[0] if len(shown) > 1 else None,
        "lock": lock.holder(home),
        "journal": {**_short(journal.data), "alive": recover.alive(home, journal.run)} if journal else None,
        "proxy": _proxy(home),
    }


def _proxy(home: Home) -> dict[str, str]:
    try:
        return Proxy(home).entries()
    except ProxyDown as error:
        return {"error": str(error)}


def _short(journal: dict[str, Any]) -> dict[str, Any]:
    facts = {k: v for k, v in journal["facts"].items() if k != "plan"}
    return {**journal, "facts": facts}


def _init(home: Home, args: argparse.Namespace) -> Any:
    return first_start.init(home, args.image, args.modules.split(","))


def _plan(home: Home, args: argparse.Namespace) -> Any:
    modules = [name for name in args.modules.split(",") if name]
    return _shown(plan.deploy(home, run=args.run or plan.new_run(), who=args.who, image=args.image, modules=modules))


def _plan_rollback(home: Home, args: argparse.Namespace) -> Any:
    run = args.run or plan.new_run()
    return _shown(plan.rollback(home, run=run, who=args.who, discard_since=args.discard_writes_since))


def _shown(made: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in made.items() if key not in ("sources", "versions")}


def _rehearse(home: Home, args: argparse.Namespace) -> Any:
    return rehearse.rehearse(home, args.run, window=args.window)


def _apply(home: Home, args: argparse.Namespace) -> Any:
    plan.load(home, args.run)
    options = [f"--run={args.run}", f"--window={args.window}", f"--watch={args.watch}", f"--canary={args.canary}"]
    verb = ["work", *options, f"--canary-seconds={args.canary_seconds}"]
    return {"run": args.run, "pid": detach.detach(home, verb, args.run)}


def _work(home: Home, args: argparse.Namespace) -> Any:
    recover.mark_process(home, args.run)
    done = apply.apply(
        home, args.run, window=args.window, watch_seconds=args.watch, canary=args.canary,
        canary_seconds=args.canary_seconds,
    )  # fmt: skip
    return _short(done.data)


def _recover(home: Home, args: argparse.Namespace) -> Any:
    return recover.recover(home, keep_new=args.keep_new, discard_since=args.discard_writes_since)
