"""The shipped monitoring files, read as data."""

from typing import Any

import yaml

from dev.stack.machine.paths import ROOT
from dev.stack.services.monitoring_config import SHIPPED

RULES = sorted((SHIPPED / "prometheus" / "rules").glob("*.yml"))
RULE_TESTS = sorted((SHIPPED / "prometheus" / "tests").glob("*.yml"))
RUNBOOKS = ROOT / "docs" / "runbooks"


def alerts() -> list[dict[str, Any]]:
    """Every alerting rule; a warning and critical pair are two of one name."""
    files = [yaml.safe_load(path.read_text()) for path in RULES]
    return [rule for file in files for group in file["groups"] for rule in group["rules"]]


def alert_names() -> set[str]:
    return {rule["alert"] for rule in alerts()}


def case_names() -> list[str]:
    """Names of the rule tests: "<Alert> firing", "<Alert> quiet", "<Alert> missing", each with an optional remark."""
    files = [yaml.safe_load(path.read_text()) for path in RULE_TESTS]
    return [case["name"] for file in files for case in file["tests"]]
