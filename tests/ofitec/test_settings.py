"""Settings are read in one place, and a wrong one is named."""

from pathlib import Path

import pytest

from ofitec.errors import InputError
from ofitec.settings import Settings, settings


@pytest.fixture(autouse=True)
def _fresh() -> None:
    settings.cache_clear()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OFITEC_EXPORT_URL", "ftp://somewhere"),
        ("OFITEC_EXPORT_URL", "exports"),
        ("OFITEC_TIMEZONE", "Europe/Madrid"),
        ("OFITEC_ODOO_URL", "odoo.example"),
        ("OFITEC_ODOO_TIMEOUT", "soon"),
        ("OFITEC_ENV", "Prod Uno"),
        ("OFITEC_SCALE", "always"),
        ("OFITEC_PROMETHEUS_URL", "prometheus:9090"),
    ],
)
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InputError, match=name):
        settings()


def test_settings_that_contradict_each_other_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFITEC_SCALE", "propose")
    with pytest.raises(InputError, match=r"OFITEC_PROMETHEUS_URL: .*OFITEC_SCALE=propose needs it"):
        settings()
    monkeypatch.setenv("OFITEC_PROMETHEUS_URL", "http://prometheus:9090/")
    assert settings().prometheus_url == "http://prometheus:9090"
    settings.cache_clear()
    monkeypatch.setenv("OFITEC_SCALE_MIN_WORKERS", "9")  # more than the default of the most
    with pytest.raises(InputError, match=r"OFITEC_SCALE_MAX_WORKERS: .*is 8, less than OFITEC_SCALE_MIN_WORKERS"):
        settings()


def test_an_empty_variable_means_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFITEC_ENV", "")
    assert settings().env == "production"


@pytest.mark.parametrize(("value", "meant"), [(None, "restic_default"), ("", ""), ("otra", "otra")])
def test_an_empty_prune_connection_means_never(monkeypatch: pytest.MonkeyPatch, value: str | None, meant: str) -> None:
    monkeypatch.delenv("OFITEC_PRUNE_CONNECTION", raising=False)
    if value is not None:
        monkeypatch.setenv("OFITEC_PRUNE_CONNECTION", value)
    assert settings().prune_connection == meant


def test_every_setting_stands_in_the_example_file_and_in_the_reference() -> None:
    root = Path(__file__).parents[2]
    for text in ((root / ".env.example").read_text(), (root / "docs" / "reference.md").read_text()):
        missing = [name for name in Settings.model_fields if f"OFITEC_{name.upper()}" not in text]
        assert missing == []
