"""Three companies in one branch, as `f29_monthly` does them: real ledger, real files; Odoo answers from a script."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ofitec.clients.odoo import OdooClient, OdooDown, OdooRefused
from ofitec.errors import SeveralFailed, SeveralUnfinished
from ofitec.f29 import steps
from ofitec.f29.branches import Job
from ofitec.ledger import Ledger, deliveries
from ofitec.notify import channels
from ofitec.settings import settings
from tests.ofitec.f29.scripted_odoo import Company

RUTS = {"Alfa": "77123456-9", "Beta": "76543210-3", "Gama": "76111111-6"}
AT = datetime(2026, 9, 8, 11, 0, tzinfo=UTC)


class Office:
    """Odoo with three companies. `disturbed` is called with a company's name before its form is computed."""

    def __init__(self) -> None:
        self.companies = {n: Company(n, name, rut) for n, (name, rut) in enumerate(RUTS.items(), 1)}
        self.computed: list[str] = []
        self.logins = 0
        self.without_utm: dict[str, list[int]] = {}
        self.disturbed: Callable[[str], None] = lambda name: None

    def call(self, model: str, method: str, *args: Any) -> Any:
        if method == "missing_utm":
            return {month: [n for n in args[0] if n in ids] for month, ids in self.without_utm.items()}
        if method.startswith("to_"):
            return self.companies[args[0][0] // 100 + 1].call(model, method, *args)
        company = self.companies[args[0]]
        if method == "compute_period":
            self.disturbed(company.name)
            self.computed.append(company.name)
        return company.call(model, method, *args)

    def search_read(self, model: str, domain: list[Any], fields: list[str]) -> list[dict[str, Any]]:
        return [row for company in self.companies.values() for row in company.search_read(model, domain, fields)]


class Branch:
    """One branch of one run, tried as often as Airflow tries it."""

    def __init__(self, office: Office, heard: list[str], folder: Path) -> None:
        self.office, self.heard, self.folder = office, heard, folder
        self.jobs: list[Job] = steps.plan({}, run_id="morning", run_after=AT)

    def attempt(self, *, force: bool = False) -> list[str]:
        """What one try of the task answers; the companies that it computed are in `office.computed`."""
        self.office.computed.clear()
        return steps.months(self.jobs, run_id="morning", run_after=AT, force=force)

    def end(self, run_id: str = "morning") -> list[str]:
        """What the run's last task tells, and writes into its log: the digest is told whatever failed."""
        steps.tell_all(run_id=run_id, run_after=AT)
        return steps.sum_up(run_id=run_id)

    def files(self) -> dict[str, int]:
        """Delivered file to its time of writing."""
        return {str(file): file.stat().st_mtime_ns for file in self.folder.rglob("F29_*")}

    def told(self) -> list[str]:
        """The companies that people were told of, in order, as often as they were."""
        return [name for message in self.heard for name in RUTS if f"*{name}* ·" in message]


@pytest.fixture
def branch(
    ledger: Ledger, ledger_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Branch:
    office, heard = Office(), list[str]()

    def login(*_: Any, **__: Any) -> Office:
        office.logins += 1
        return office

    monkeypatch.setenv("AIRFLOW_CONN_OFITEC_LEDGER", ledger_dsn)
    monkeypatch.setenv("OFITEC_EXPORT_URL", f"file://{tmp_path}")
    monkeypatch.setenv("OFITEC_F29_BRANCHES", "1")
    monkeypatch.setattr(OdooClient, "from_connection", login)
    monkeypatch.setattr(channels, "tell", lambda text, blocks: heard.append(plain_text_kept(text, blocks)))
    settings.cache_clear()
    request.addfinalizer(settings.cache_clear)
    return Branch(office, heard, tmp_path)


def plain_text_kept(text: str, blocks: list[dict[str, Any]]) -> str:
    """The message with its mrkdwn as it is."""
    return "\n".join([text, *(block["text"]["text"] for block in blocks if "text" in block)])


def only(name: str, error: BaseException) -> Callable[[str], None]:
    def disturb(company: str) -> None:
        if company == name:
            raise error

    return disturb


def test_all_companies_of_a_branch_are_done_with_one_login(branch: Branch) -> None:
    assert steps.share(branch.jobs) == [branch.jobs]
    branch.office.logins = 0
    lines = branch.attempt()
    assert lines == [f"{name}, agosto de 2026: calculado, $32.775" for name in RUTS]
    assert branch.office.logins == 1
    assert branch.told() == [], "nobody is told company by company"
    assert len(branch.files()) == 3 * len(RUTS)
    assert branch.end() == lines
    [said] = branch.heard
    assert branch.told() == list(RUTS)
    assert said.startswith("F29 de agosto de 2026: 3 novedades, de 3 empresas\n")
    assert "🟡 *Alfa* · 77.123.456-9 · agosto de 2026: *nuevo*" in said
    assert "Calculado · Total a pagar: $32.775 · vence lunes 21 de septiembre de 2026 (faltan 13 días)" in said


def test_one_that_fails_fails_alone_is_named_and_is_the_only_one_done_again(branch: Branch) -> None:
    branch.office.disturbed = only("Beta", OdooRefused("Los libros de «Beta» no están en pesos."))
    with pytest.raises(SeveralFailed) as failed:
        branch.attempt()
    assert [name for name, _ in failed.value.failures] == ["Beta, agosto de 2026"]
    before = branch.files()
    with pytest.raises(SeveralFailed, match=r"1 de 3 no quedaron listas: Beta, agosto de 2026\."):
        branch.end()
    assert branch.told() == ["Alfa", "Gama"]
    assert "2 novedades, 1 sin terminar, de 3 empresas" in branch.heard[0]
    assert "🔴 *Beta, agosto de 2026* · 76.543.210-3\nNo quedó lista" in branch.heard[0]

    branch.office.disturbed = lambda name: None
    assert branch.attempt(force=True) == ["Beta, agosto de 2026: calculado, $32.775"]
    assert branch.office.computed == ["Beta"]
    assert before.items() <= branch.files().items(), "the others' files were not touched"
    assert len(branch.end()) == 3
    assert branch.told() == ["Alfa", "Gama", "Beta"], "once each, although the run delivers by force"


def test_a_task_killed_in_the_middle_goes_on_where_it_was(branch: Branch) -> None:
    branch.office.disturbed = only("Gama", SystemExit("killed"))
    with pytest.raises(SystemExit):
        branch.attempt()
    before = branch.files()
    branch.office.disturbed = lambda name: None
    branch.attempt()
    branch.end()
    assert branch.office.computed == ["Gama"]
    assert branch.told() == list(RUTS)
    assert before.items() <= branch.files().items()


def test_killed_between_its_message_and_the_ledger_all_are_told_once(
    branch: Branch, monkeypatch: pytest.MonkeyPatch
) -> None:
    branch.attempt()
    with monkeypatch.context() as patched:
        patched.setattr(deliveries, "told", lambda *_: (_ for _ in ()).throw(SystemExit("killed")))
        with pytest.raises(SystemExit):
            branch.end()
    assert branch.told() == list(RUTS)
    branch.end()
    assert branch.told() == list(RUTS)


def test_while_odoo_is_down_the_rest_is_left_for_the_retry(branch: Branch) -> None:
    def down(name: str) -> None:
        if name != "Alfa":
            raise OdooDown("Odoo no responde.")

    branch.office.disturbed = down
    with pytest.raises(SeveralUnfinished):
        branch.attempt()
    branch.office.disturbed = lambda name: None
    branch.attempt()
    assert branch.office.computed == ["Beta", "Gama"]


def test_a_branch_that_a_person_clears_after_it_was_done_is_done_again_and_tells_nothing(branch: Branch) -> None:
    branch.attempt()
    branch.end()
    branch.attempt()
    branch.end()
    assert branch.office.computed == list(RUTS)
    assert branch.told() == list(RUTS)


def test_a_run_that_is_cleared_as_a_whole_begins_anew(branch: Branch) -> None:
    branch.attempt()
    steps.plan({}, run_id="morning", run_after=AT)
    with pytest.raises(SeveralFailed, match="3 de 3"):
        steps.sum_up(run_id="morning")
    branch.attempt()
    assert branch.office.computed == list(RUTS)


def test_a_missing_utm_is_told_once_and_another_month_again(branch: Branch) -> None:
    def ask(day: int) -> list[str]:
        before = len(branch.heard)
        run: dict[str, Any] = {"run_id": f"run {day}", "run_after": AT.replace(day=day)}
        assert not steps.ask_for_utm({"period": "2026-13"}, **run), "nothing was planned"
        steps.plan({}, **run)
        steps.ask_for_utm({}, **run)
        return [said.partition("\n")[0] for said in branch.heard[before:]]

    assert ask(8) == []
    branch.office.without_utm = {"2026-10": [1, 3]}
    assert ask(25) == ["Falta la UTM de octubre de 2026 para el remanente de 2 empresas."]
    assert ask(26) == []
    branch.office.without_utm = {"2026-10": [1], "2026-11": [1]}
    assert ask(27) == ["Falta la UTM de octubre de 2026 y noviembre de 2026 para el remanente de 1 empresa."]
    branch.office.without_utm = {"2026-11": [1]}
    assert ask(28) == []


def test_a_run_that_found_no_company_has_nothing_to_sum_up(branch: Branch) -> None:
    assert steps.sum_up(run_id="another") == []
