"""What Airflow reads of this package: its provider entry, the connection forms, the DAG bundle."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import airflow
import jsonschema
import pytest

from ofitec.clients.restic_connection import _storage
from ofitec.package.bundle import OfitecDagBundle, dags_folder
from ofitec.package.connection_types import CONNECTION_TYPES, CONNECTIONS, STORAGE_FIELDS
from ofitec.package.provider import get_provider_info

AIRFLOW = Path(airflow.__file__).parent


def test_the_provider_entry_is_valid() -> None:
    schema = json.loads((AIRFLOW / "provider_info.schema.json").read_text())
    jsonschema.validate(get_provider_info(), schema)


def test_the_connection_forms_are_what_airflow_can_draw() -> None:
    kinds = json.loads((AIRFLOW / "provider.yaml.schema.json").read_text())["properties"]["connection-types"]
    jsonschema.validate(CONNECTION_TYPES, kinds)


@pytest.mark.parametrize("kind", CONNECTION_TYPES, ids=lambda kind: kind["connection-type"])
def test_no_form_asks_for_raw_json_and_each_has_a_test_button(kind: dict[str, Any]) -> None:
    assert "extra" in kind["ui-field-behaviour"]["hidden-fields"]
    module, _, name = kind["hook-class-name"].rpartition(".")
    hook = getattr(import_module(module), name)
    assert hook.conn_type == kind["connection-type"]
    assert callable(hook().test_connection)


def test_secret_fields_are_hidden_as_passwords() -> None:
    for kind in CONNECTION_TYPES:
        for name, field in kind["conn-fields"].items():
            secret = any(word in name for word in ("account_key", "passphrase", "rest_password", "private_key"))
            assert (field["schema"].get("format") == "password") is secret, name


def test_the_forms_storage_fields_reach_restic_and_secret_ones_are_scrubbed() -> None:
    extra = {name: f"value of {name}" for name in STORAGE_FIELDS}
    plain, secret = _storage("rest:https://backup.example/", extra)
    assert set(plain) | set(secret) == {name.upper() for name in STORAGE_FIELDS}
    hidden = {name.upper() for name, about in STORAGE_FIELDS.items() if about.get("secret")}
    assert hidden <= set(secret)


def test_every_connection_that_the_code_looks_up_is_listed() -> None:
    root = Path(__file__).parents[3] / "include" / "ofitec"
    text = "".join(file.read_text() for file in root.rglob("*.py"))
    for known in CONNECTIONS:
        assert f'"{known.id}"' in text, known.id


def test_the_bundle_serves_the_packages_own_dags() -> None:
    bundle = OfitecDagBundle(name="ofitec")
    bundle.initialize()
    assert bundle.path == dags_folder()
    assert {file.stem for file in bundle.path.glob("*.py")} >= {"f29_monthly", "backup_nightly"}
    assert bundle.get_current_version().version
