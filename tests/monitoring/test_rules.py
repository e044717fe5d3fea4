"""The shipped rules and routes, judged by Prometheus' and Alertmanager's own tools, as docs/monitoring.md says."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from dev.stack.services.monitoring import program
from dev.stack.services.monitoring_config import SHIPPED
from tests.monitoring.shipped import RULE_TESTS, RULES, alert_names, alerts, case_names

ALERTMANAGER = SHIPPED / "alertmanager" / "alertmanager.yml"


def run(*argv: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in argv], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def promtool() -> Path:
    return program("promtool")


@pytest.fixture(scope="module")
def amtool() -> Path:
    return program("prometheus-alertmanager", "amtool")


def test_prometheus_accepts_its_configuration_and_rules(promtool: Path) -> None:
    done = run(
        promtool,
        "check",
        "config",
        "--lint=all",
        "--lint-fatal",
        "--syntax-only",
        SHIPPED / "prometheus/prometheus.yml",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    done = run(promtool, "check", "rules", "--lint=all", "--lint-fatal", *RULES)
    # a pair of one name is meant: promtool only calls equal name and labels a duplicate
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("file", RULE_TESTS, ids=lambda file: file.stem)
def test_rules_fire_stay_quiet_and_bear_missing_data(promtool: Path, file: Path) -> None:
    done = run(promtool, "test", "rules", file)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_rule_test_fails_when_its_rule_changes(promtool: Path, tmp_path: Path) -> None:
    shutil.copytree(SHIPPED / "prometheus", tmp_path / "prometheus")
    rules = tmp_path / "prometheus" / "rules" / "database.yml"
    rules.write_text(rules.read_text().replace("> 0.9", "> 0.995"))
    done = run(promtool, "test", "rules", tmp_path / "prometheus" / "tests" / "database.yml")
    assert done.returncode != 0
    assert "PostgresConnectionsHigh" in done.stdout + done.stderr


@pytest.mark.parametrize("alert", sorted(alert_names() - {"Watchdog"}))
@pytest.mark.parametrize("kind", ["firing", "quiet", "missing"])
def test_every_alert_has_its_three_cases(alert: str, kind: str) -> None:
    assert [name for name in case_names() if name.startswith(f"{alert} {kind}")]


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: f"{rule['alert']}-{rule['labels']['severity']}")
def test_every_alert_says_in_spanish_what_and_where_to_go(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("critical", "warning", "none")
    assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}
    assert rule["annotations"]["runbook_url"].endswith(f"/docs/runbooks/{rule['alert']}.md")
    assert len(rule["annotations"]["summary"]) <= 60
    assert "{{" not in rule["annotations"]["summary"]
    assert "for" in rule or rule["alert"] == "Watchdog"
    # a figure that is missing for a moment ends no alarm: «Resuelto» would be untrue
    assert rule.get("keep_firing_for") == "5m" or rule["alert"] == "Watchdog"


def test_alertmanager_accepts_its_configuration(amtool: Path) -> None:
    done = run(amtool, "check-config", ALERTMANAGER)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ("alertname=OdooDown severity=critical", "slack,mail"),
        ("alertname=BackupFailed severity=warning", "slack"),
        ("alertname=Watchdog severity=none", "dead-mans-switch"),
        ("alertname=SomethingNew", "slack"),
    ],
)
def test_each_severity_reaches_its_receivers(amtool: Path, labels: str, receivers: str) -> None:
    done = run(amtool, "config", "routes", "test", "--config.file", ALERTMANAGER, *labels.split())
    assert done.stdout.strip() == receivers


def test_no_secret_and_no_variable_stands_in_the_shipped_files() -> None:
    for path in (p for p in SHIPPED.rglob("*") if p.suffix in (".yml", ".tmpl")):
        if path.name == "compose.yml":
            continue
        text = path.read_text()
        assert "${" not in text, f"{path}: Prometheus and Alertmanager do not expand variables"
        for line in text.splitlines():
            name = line.split(":")[0].strip(" -")
            if any(word in name for word in ("password", "api_url", "credentials")) and not name.startswith("#"):
                assert "_file" in line, f"{path}: {line}"
