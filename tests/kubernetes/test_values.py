"""The chart's values, the settings and the files beside them: what they name exists, and no secret stands in them."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from ofitec.package.connection_types import CONNECTIONS
from ofitec.settings import Settings
from tests.docs.blocks import ROOT, blocks
from tests.kubernetes.conftest import FOLDER, MOUNTED, settings_env, values
from tests.ofitec.package.installation import BUNDLE

PAGE = ROOT / "docs" / "kubernetes.md"
FILES = sorted(file for file in FOLDER.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
COMPONENTS = ("scheduler", "apiServer", "dagProcessor", "triggerer")
# the key that the chart looks for in each, by the comment beside it in the chart's own values
CHART_KEYS = {
    "metadataSecretName": "connection",
    "fernetKeySecretName": "fernet-key",
    "apiSecretKeySecretName": "api-secret-key",
    "jwtSecretName": "jwt-secret",
}


def leaves(tree: Any) -> Iterator[tuple[str, Any]]:
    """Each key of a tree with what it holds, if that is no tree."""
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
        if isinstance(value, dict | list):
            yield from leaves(value)
        else:
            yield str(key), value


def secrets_made() -> dict[str, set[str]]:
    """The secrets that the page tells to make, with their keys."""
    made: dict[str, set[str]] = {}
    for name, rest in re.findall(r"create secret generic (\S+)((?: \\\n|.)*)", PAGE.read_text()):
        made[name] = set(re.findall(r"--from-(?:literal|file)=([\w.-]+)=", rest))
    return made


def secrets_used() -> dict[str, set[str]]:
    """The secrets that the values name, with the keys that are looked for in them."""
    used = {value: {CHART_KEYS[key]} for key, value in leaves(values()) if key in CHART_KEYS}
    chosen = values()
    for name in COMPONENTS:
        part = chosen[name]
        mounted = {mount["name"]: mount["mountPath"] for mount in part.get("extraVolumeMounts", [])}
        paths = [text for entry in part.get("env", []) for text in re.findall(r"/run/[\w/.-]+", entry["value"])]
        for volume in part.get("extraVolumes", []):
            if "secret" in volume:
                at = mounted[volume["name"]]
                keys = {path.removeprefix(f"{at}/") for path in paths if path.startswith(f"{at}/")}
                assert keys, f"{name} mounts {volume['secret']['secretName']} and reads nothing of it"
                used.setdefault(volume["secret"]["secretName"], set()).update(keys)
    return used


def test_the_page_tells_to_make_just_the_secrets_that_are_used() -> None:
    assert secrets_used() == secrets_made()


def test_no_secret_stands_in_a_file() -> None:
    named = re.compile(r"(?i)(password|secret|token|fernet|jwt|_key|dsn|sql_alchemy|conn_)")
    allowed = ("secretname", "secretKeySecretName", "_file", "backend", "mount", "AIRFLOW_CONN_AIRFLOW_DB")
    for key, value in [*leaves(values()), *settings_env().items()]:
        if named.search(key) and value not in (False, None):
            assert any(word.casefold() in key.casefold() for word in (*allowed, "LOG_CONN_ID", "SecretName")), key
            assert re.fullmatch(r"[\w/.-]+", str(value)), key
    for file in FILES:
        assert not re.search(r"://[^/\s@]+:[^/\s@]+@", file.read_text()), file.name


def test_every_setting_that_is_used_exists() -> None:
    known = {f"OFITEC_{name.upper()}" for name in Settings.model_fields}
    for file in FILES:
        named = set(re.findall(r"\bOFITEC_[A-Z_]*[A-Z]\b", file.read_text()))
        assert named <= known, f"{file.name} names {named - known}"


def test_the_settings_are_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in settings_env().items():
        monkeypatch.setenv(name, value)
    chosen = Settings()
    # more than one machine: no folder of one of them
    assert chosen.export_url.startswith("s3://")
    assert re.match(r"^(s3|sftp|rest):", chosen.restic_repository)


def test_every_connection_that_the_page_wants_exists_and_the_callbacks_have_theirs() -> None:
    [wanted] = [json.loads(block.text) for block in blocks(PAGE) if block.text.startswith("{")]
    assert set(wanted) <= {connection.id for connection in CONNECTIONS}
    assert set(wanted) >= {"ofitec_ledger", "slack_default", "odoo_default", "odoo_db", "restic_default", "aws_default"}


def test_every_option_of_airflow_exists() -> None:
    from airflow.configuration import conf

    options = {f"{s}.{o}".upper() for s, names in conf.configuration_description.items() for o in names["options"]}
    used = [name.removeprefix("AIRFLOW__").replace("__", ".") for name in settings_env() if name.startswith("AIRFLOW")]
    used += [f"{section}.{name}".upper() for section, names in values()["config"].items() for name in names]
    used += ["SECRETS.BACKEND", "SECRETS.BACKEND_KWARGS"]
    from airflow.providers.cncf.kubernetes.get_provider_info import get_provider_info

    for section, names in get_provider_info()["config"].items():  # type: ignore[no-untyped-call]
        options |= {f"{section}.{name}".upper() for name in names["options"]}
    assert set(used) <= options


def test_what_calls_people_has_the_connections_and_who_starts_pods_has_not() -> None:
    chosen = values()
    for name in ("apiServer", "dagProcessor", "triggerer"):
        env = {entry["name"]: entry["value"] for entry in chosen[name]["env"]}
        assert env["AIRFLOW__SECRETS__BACKEND"].endswith("LocalFilesystemBackend"), name
        file = json.loads(env["AIRFLOW__SECRETS__BACKEND_KWARGS"])["connections_file_path"]
        [mount] = [m for m in chosen[name]["extraVolumeMounts"] if file.startswith(f"{m['mountPath']}/")]
        [volume] = [v for v in chosen[name]["extraVolumes"] if v["name"] == mount["name"]]
        assert volume["secret"]["secretName"] == "ofitec-connections", name
        assert mount["readOnly"] is True, name
    assert not any("secret" in volume for volume in chosen["scheduler"]["extraVolumes"])


def test_every_component_has_requests_and_limits_and_the_settings() -> None:
    chosen = values()
    for name in COMPONENTS:
        assert chosen[name]["resources"]["requests"].keys() == chosen[name]["resources"]["limits"].keys(), name
    assert yaml.safe_load(chosen["extraEnvFrom"]) == [{"configMapRef": {"name": "ofitec-settings"}}]


def test_the_scheduler_finds_the_pods_where_they_are_looked_for() -> None:
    chosen = values()
    [mount] = chosen["scheduler"]["extraVolumeMounts"]
    assert mount["mountPath"] == MOUNTED
    kustomization = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
    made = {each["name"]: each for each in kustomization["configMapGenerator"]}
    files = {file.split("/")[-1] for file in made[chosen["scheduler"]["extraVolumes"][0]["configMap"]["name"]]["files"]}
    policy = (FOLDER / "airflow_local_settings.py").read_text()
    looked_for = {chosen["config"]["kubernetes_executor"]["pod_template_file"], *re.findall(r'"(/opt/\S+)"', policy)}
    assert looked_for == {f"{MOUNTED}/{file}" for file in files}
    for name in [*kustomization["resources"], *made["ofitec-pods"]["files"], *made["ofitec-settings"]["envs"]]:
        assert (FOLDER / name).is_file(), name


def test_the_version_and_the_bundle_are_this_packages() -> None:
    chosen = values()
    [pinned] = re.findall(r"(?m)^apache-airflow==(\S+)", (ROOT / "requirements.txt").read_text())
    assert chosen["airflowVersion"] == pinned
    assert chosen["dagProcessor"]["dagBundleConfigList"] == json.loads(BUNDLE)


def test_the_clusters_lock_changes_no_pin_of_the_others() -> None:
    pins = re.compile(r"(?m)^([a-z][\w.-]*)==(\S+)")
    found = dict(pins.findall((ROOT / "requirements-kubernetes.txt").read_text()))
    assert "apache-airflow-providers-cncf-kubernetes" in found
    for name in ("requirements.txt", "requirements-dev.txt"):
        others = dict(pins.findall((ROOT / name).read_text()))
        assert {n: v for n, v in found.items() if n in others and others[n] != v} == {}, name
