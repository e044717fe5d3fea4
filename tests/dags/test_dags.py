"""What holds for every DAG: one file each, wiring only, owned, bounded, and never failing unheard."""

import ast
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import AsyncCallback  # type: ignore[attr-defined]  # its stub lacks it

from ofitec.dag import Tag
from ofitec.notify import alive, target
from ofitec.notify.failure import on_failure, remember_error
from ofitec.notify.recovery import on_success

ROOT = Path(__file__).parents[2]
# these become upstream_failed when anything before them failed
PASSES_FAILURE_ON = ("all_success", "none_failed", "none_failed_min_one_success")
FILES = sorted((ROOT / "dags").glob("*.py"))


@pytest.fixture(scope="module")
def dags() -> dict[str, Any]:
    # not above: collecting tests would take each worker two seconds more
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=str(ROOT / "dags"), bundle_path=ROOT / "dags", bundle_name="tests")
    assert bag.import_errors == {}
    return dict(bag.dags)


def test_one_file_a_dag_named_after_it(dags: dict[str, Any]) -> None:
    assert sorted(dags) == [file.stem for file in FILES]


def test_every_dag_is_owned_tagged_bounded_and_told_of(dags: dict[str, Any]) -> None:
    for dag in dags.values():
        assert dag.owner == "ofitec", dag.dag_id
        assert dag.tags, dag.dag_id
        assert set(dag.tags) <= set(Tag), dag.dag_id
        assert dag.max_active_runs == 1, dag.dag_id
        assert isinstance(dag.dagrun_timeout, timedelta), dag.dag_id
        # people are told first
        assert dag.on_failure_callback == [on_failure, alive.on_failure], dag.dag_id
        # a run that may end well without having done anything leaves that to the tasks that did something
        closing = [task.task_id for task in dag.tasks if on_success in (task.on_success_callback or [])]
        told = [alive.on_success] if closing else [on_success, alive.on_success]
        assert dag.on_success_callback == told, dag.dag_id
        assert dag.start_date is None, dag.dag_id
        assert dag.catchup is False, dag.dag_id
        for task in dag.tasks:
            assert isinstance(task.execution_timeout, timedelta), task.task_id
            assert task.execution_timeout <= dag.dagrun_timeout, task.task_id
            callback = task.on_failure_callback  # a mapped task keeps it as it was given
            assert (callback if isinstance(callback, Sequence) else [callback]) == [remember_error], task.task_id
            begins = task.on_execute_callback
            assert (begins if isinstance(begins, Sequence) else [begins]) == [alive.on_begin], task.task_id


def test_tags_say_how_a_dag_is_started(dags: dict[str, Any]) -> None:
    for dag in dags.values():
        by_hand_only = type(dag.timetable).__name__ == "NullTimetable"
        assert (Tag.MANUAL in dag.tags) == by_hand_only, dag.dag_id
        assert (Tag.SCHEDULED in dag.tags) != by_hand_only, dag.dag_id


def test_what_needs_the_filestore_a_work_disk_or_odoo_runs_where_they_are(dags: dict[str, Any]) -> None:
    anywhere = {"place_is_free", "ask", "approve", "outcome"}
    for dag_id in (
        "backup_continuous",
        "backup_copy",
        "backup_extract",
        "backup_nightly",
        "backup_verify",
        "backup_restore",
        "odoo_staging",
        "secrets_rotate",
    ):
        for task in dags[dag_id].tasks:
            assert (task.queue == "ops") == (task.task_id not in anywhere), f"{dag_id}.{task.task_id}"


@pytest.mark.parametrize("dag_id", ["backup_nightly", "odoo_deploy", "secrets_rotate"])
def test_the_night_is_one_group_whose_tasks_keep_their_names(dags: dict[str, Any], dag_id: str) -> None:
    """The ledger, the runbooks and Prometheus know a task by its id."""
    group = dags[dag_id].task_group.get_child_by_label("night")
    assert group.children.keys() == {"preflight", "snapshot", "check", "retain"}
    assert group.children.keys() <= set(dags[dag_id].task_ids)


def test_a_proof_is_one_task_so_that_no_file_travels_between_workers(dags: dict[str, Any]) -> None:
    assert [task.task_id for task in dags["backup_verify"].tasks] == ["prove"]


def test_a_failed_task_fails_its_run(dags: dict[str, Any]) -> None:
    """Airflow takes a run's state from its last tasks only; one that runs whatever happened must not be among them."""
    for dag in dags.values():
        for task in dag.tasks:
            assert not (task.is_teardown and task.on_failure_fail_dagrun), f"{dag.dag_id}.{task.task_id}"
            last = not [t for t in task.downstream_list if not t.is_teardown]
            if last and not task.is_teardown:
                assert task.trigger_rule in PASSES_FAILURE_ON, f"{dag.dag_id}.{task.task_id}"


def test_no_answer_is_stored_twice(dags: dict[str, Any]) -> None:
    """From `-> dict` Airflow infers that each key is an answer of its own, and stores it again beside the whole."""
    for dag in dags.values():
        for task in dag.tasks:
            assert not getattr(task, "multiple_outputs", False), f"{dag.dag_id}.{task.task_id}"


def test_every_dag_explains_itself_and_names_its_runbook(dags: dict[str, Any]) -> None:
    for dag in dags.values():
        runbook = f"docs/runbooks/{dag.dag_id}.md"
        assert runbook in dag.doc_md
        assert (ROOT / runbook).is_file(), runbook


def test_every_parameter_has_a_type_and_says_what_it_is(dags: dict[str, Any]) -> None:
    for dag in dags.values():
        for name in dag.params:
            param = dag.params.get_param(name)
            assert {"type", "title"} <= param.schema.keys(), f"{dag.dag_id}.{name}"
            assert param.description, f"{dag.dag_id}.{name}"


def test_schedules_are_santiago_time_and_avoid_the_hours_that_clock_changes_repeat_or_skip(
    dags: dict[str, Any],
) -> None:
    for dag in dags.values():
        cron = getattr(dag.timetable, "expression", None)
        if cron is None:
            continue
        assert dag.timetable.timezone == "America/Santiago", dag.dag_id
        assert dag.timetable.run_immediately is False, dag.dag_id
        if cron.split()[1] == "*":
            continue  # each few minutes: an hour more or less changes nothing
        hours = cron.split()[1].split("-")  # one, or from one to another
        assert all(hour.isdigit() and 1 < int(hour) < 23 for hour in hours), dag.dag_id


def test_the_page_gives_the_dead_mans_switch_each_schedule(dags: dict[str, Any]) -> None:
    """A check that expects another rhythm calls when all is well, or keeps quiet when nothing runs."""
    page = (ROOT / "docs" / "monitoring.md").read_text()
    for dag in dags.values():
        if Tag.SCHEDULED in dag.tags:
            by_clock = getattr(dag.timetable, "timetable", dag.timetable)  # of one that also follows an asset
            assert f"| `production-{dag.dag_id}` | `{by_clock.expression}` |" in page


@pytest.mark.parametrize("dag_id", ["f29_monthly", "rcv_reconcile", "backup_nightly"])
def test_a_run_that_takes_too_long_is_told_of_before_it_times_out(dags: dict[str, Any], dag_id: str) -> None:
    from airflow.models.callback import Callback, TriggererCallback

    [alert] = dags[dag_id].deadline
    assert alert.callback.path == "ofitec.notify.late.on_deadline"
    # in the triggerer: KubernetesExecutor refuses callbacks, and the scheduler with it (apache/airflow#70475)
    assert isinstance(alert.callback, AsyncCallback)
    assert isinstance(Callback.create_from_sdk_def(alert.callback), TriggererCallback)
    assert alert.interval < dags[dag_id].dagrun_timeout


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_dag_files_only_wire(file: Path) -> None:
    """They compose finished tasks: from airflow.sdk and each domain's `tasks`, whose lightness is held below."""
    tree = ast.parse(file.read_text())
    modules = {node.module for node in tree.body if isinstance(node, ast.ImportFrom)}
    modules |= {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
    tasks = {f"ofitec.{domain}.tasks" for domain in ("backup", "continuous", "deploy", "f29", "notify", "staging")}
    tasks |= {"ofitec.f29.rcv.tasks", "ofitec.deploy.scale.tasks"}
    assert modules <= {"datetime", "typing", "airflow.sdk", "ofitec.dag"} | tasks
    made = {
        ast.unparse(by).partition("(")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        for by in node.decorator_list
    }
    assert made <= {"dag", "task_group"}
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert not calls & {
        "Variable.get",
        "Connection.get",
        "BaseHook.get_connection",
        "open",
        "os.getenv",
        "datetime.now",
    }


def test_the_parameters_that_name_a_runs_target_are_its_dags(dags: dict[str, Any]) -> None:
    for dag_id, names in target._NAMED_BY.items():
        assert set(names) <= set(dags[dag_id].params), dag_id


def test_a_wrong_period_is_answered_by_the_first_task_and_not_by_a_schema(dags: dict[str, Any]) -> None:
    params = dags["f29_monthly"].params
    assert params.dump() == {"period": None, "companies": None, "force": False}
    params["period"], params["companies"] = "2026-13", ["76.123.456-1"]
    assert params.dump()["period"] == "2026-13"


def test_the_month_is_looked_at_each_morning_while_it_is_due(dags: dict[str, Any]) -> None:
    timetable = dags["f29_monthly"].timetable
    assert (timetable.expression, timetable.timezone) == ("0 7 8-28 * *", "America/Santiago")


def test_the_register_is_looked_for_before_the_month_is_closed_that_day(dags: dict[str, Any]) -> None:
    timetable = dags["rcv_reconcile"].timetable
    assert (timetable.expression, timetable.timezone) == ("30 6 1-28 * *", "America/Santiago")
    assert dags["rcv_reconcile"].params.dump() == {"period": None, "companies": None, "force": False}


def test_odoos_load_is_looked_at_by_day_only_and_nothing_is_applied_unasked(dags: dict[str, Any]) -> None:
    timetable = dags["odoo_scale"].timetable
    assert (timetable.expression, timetable.timezone) == ("*/15 8-20 * * 1-6", "America/Santiago")
    assert dags["odoo_scale"].params.dump() == {"apply": False}


def test_parsing_pulls_no_provider_and_no_client() -> None:
    """What a DAG file must not import while it is parsed, seen in a process of its own."""
    heavy = (
        *("airflow.providers.amazon", "airflow.providers.slack", "slack_sdk", "odoorpc", "lxml", "sqlalchemy.orm"),
        *("botocore", "babel"),
    )
    code = (
        "import sys, airflow.sdk; before = set(sys.modules)\n"
        f"import runpy; [runpy.run_path(f) for f in {[str(f) for f in FILES]!r}]\n"
        f"print([m for m in set(sys.modules) - before if m.startswith({heavy!r})])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(ROOT / "include"), "PATH": "/usr/bin:/bin", "HOME": "/tmp"},
    )
    assert done.stdout.strip().splitlines()[-1] == "[]"
