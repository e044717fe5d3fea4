"""Real Prometheus, Alertmanager and exporters beside the local stack, on the shipped configuration.

They are Debian unstable's packages, unpacked and never installed (dev.stack.machine.debian).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from dev.stack.errors import StackError
from dev.stack.machine import debian, ports, progress
from dev.stack.machine.paths import CACHE, Place
from dev.stack.machine.process import Processes
from dev.stack.services import monitoring_config
from dev.stack.services.monitoring_config import SHIPPED, Pace
from dev.stack.services.postgres import Postgres
from ofitec.whole_file import write_whole

NAMES = ("prometheus", "alertmanager", "postgres-exporter", "node-exporter", "blackbox-exporter", "mtail")
_LOOPBACK = "127.0.0.1"
# of one length, as a program's constants must be
_DEBIAN_TEMPLATES = b"/usr/share/prometheus/alertmanager"
_OUR_TEMPLATES = b"/proc/self/cwd/./././././templates"


@dataclass(frozen=True)
class Watched:
    """What the monitoring looks at, and where its messages go. `smtp` is host:port."""

    airflow_url: str
    metrics_token_file: Path
    odoo_url: str
    slack_webhook: str
    dead_mans_switch: str
    smtp: str
    smtp_password: str


@dataclass(frozen=True)
class Monitoring:
    """Running servers.

    `log_port` takes the proxy's log lines as UDP datagrams, as in production; `textfile` is a folder whose *.prom files
    the node exporter adds to what it measures.
    """

    prometheus_url: str
    alertmanager_url: str
    log_port: int
    textfile: Path

    def query(self, promql: str) -> list[dict[str, Any]]:
        """The samples of an instant query."""
        return list(self._get("query", query=promql)["result"])

    def firing(self) -> list[dict[str, str]]:
        """Labels of the alerts that Prometheus holds to be firing."""
        return [alert["labels"] for alert in self._get("alerts")["alerts"] if alert["state"] == "firing"]

    def metric_names(self) -> set[str]:
        """The names of every metric scraped so far."""
        return set(self._get("label/__name__/values"))

    def down(self) -> list[str]:
        """The jobs whose last scrape failed or has not happened."""
        return [t["labels"]["job"] for t in self._get("targets")["activeTargets"] if t["health"] != "up"]

    def parsed(self, promql: str) -> dict[str, Any]:
        """The syntax tree of an expression, by Prometheus itself."""
        return dict(self._get("parse_query", query=promql))

    def _get(self, path: str, **params: str) -> Any:
        answer = httpx.get(f"{self.prometheus_url}/api/v1/{path}", params=params, timeout=10)
        answer.raise_for_status()
        return answer.json()["data"]


def program(package: str, name: str = "") -> Path:
    """A program of one of the packages."""
    return debian.unpacked(package) / "usr" / "bin" / (name or package)


def alertmanager_here() -> Path:
    """A copy of Debian's Alertmanager that looks for its default templates in its working directory.

    The package's program opens them below /usr/share, whatever its options, and nothing is installed there.
    """
    package = "prometheus-alertmanager"
    relocated = CACHE / f"alertmanager-{debian.version_of(package)}"
    if not relocated.exists():
        code = program(package).read_bytes()
        if _DEBIAN_TEMPLATES not in code:
            raise StackError(f"Debian's {package} keeps its templates elsewhere now: mend stack/monitoring.py.")
        copy = relocated.with_suffix(".part")
        copy.write_bytes(code.replace(_DEBIAN_TEMPLATES, _OUR_TEMPLATES))
        copy.chmod(0o755)
        copy.rename(relocated)
    return relocated


def up(place: Place, processes: Processes, postgres: Postgres, watched: Watched, pace: Pace) -> Monitoring:
    """Starts everything on the configuration as it is now; what runs already on another one is started anew."""
    port = {name: _port(place, processes, name) for name in (*NAMES, "mtail-log")}
    folder = place.dir / "monitoring"
    with progress.step("Prometheus, Alertmanager, exporters"):
        _write(folder, watched, pace, port)
        for name, argv, env in _commands(folder, port, postgres):
            stamp = _stamp(folder) if name in ("prometheus", "alertmanager") else ""
            processes.start(name, argv, env={"PATH": os.environ["PATH"], **env}, cwd=folder, depends_on=stamp)
        for name, path in (("prometheus", "-/ready"), ("alertmanager", "-/ready"), ("mtail", "metrics")):
            processes.wait(name, partial(_answers, f"http://{_LOOPBACK}:{port[name]}/{path}"), timeout=60)
    url = f"http://{_LOOPBACK}"
    return Monitoring(
        f"{url}:{port['prometheus']}", f"{url}:{port['alertmanager']}", port["mtail-log"], folder / "textfile"
    )


def down(processes: Processes) -> None:
    """Ends what `up` started."""
    for name in NAMES:
        processes.stop(name)


def alertmanager_url(place: Place, processes: Processes) -> str:
    """Where this place's Alertmanager is or will be: Airflow is told before it starts."""
    return f"http://{_LOOPBACK}:{_port(place, processes, 'alertmanager')}"


def _port(place: Place, processes: Processes, name: str) -> int:
    server = name.removesuffix("-log")
    return ports.port_of(place, name, in_use_by_us=processes.find(server) is not None)


def _write(folder: Path, watched: Watched, pace: Pace, port: Mapping[str, int]) -> None:
    shutil.rmtree(folder / "data", ignore_errors=True)
    shutil.rmtree(folder / "rules", ignore_errors=True)
    secrets = {
        "ofitec_metrics_token": watched.metrics_token_file.read_text(),
        "slack_webhook": watched.slack_webhook,
        "smtp_password": watched.smtp_password,
        "dead_mans_switch_url": watched.dead_mans_switch,
    }
    (folder / "textfile").mkdir(parents=True, exist_ok=True)
    (folder / "templates").unlink(missing_ok=True)
    (folder / "templates").symlink_to(debian.unpacked("prometheus-alertmanager") / "usr/share/prometheus/alertmanager")
    for name, value in secrets.items():
        write_whole(folder / "secrets" / name, value)
    local = {name: f"{_LOOPBACK}:{number}" for name, number in port.items()}
    addresses = {
        "airflow-apiserver:8080": urlsplit(watched.airflow_url).netloc,
        "http://proxy:8069": watched.odoo_url,
        "proxy:3903": local["mtail"],
        "localhost:9090": local["prometheus"],
        "alertmanager:9093": local["alertmanager"],
        "postgres-exporter:9187": local["postgres-exporter"],
        "node-exporter:9100": local["node-exporter"],
        "blackbox-exporter:9115": local["blackbox-exporter"],
    }
    write_whole(folder / "prometheus.yml", monitoring_config.prometheus(addresses, str(folder / "secrets"), pace))
    for name, text in monitoring_config.rules(pace).items():
        write_whole(folder / "rules" / name, text)
    installation = {
        "smtp_smarthost: mail.example.cl:587": f"smtp_smarthost: {watched.smtp}\n  smtp_require_tls: false",
        "templates/*.tmpl": f"{SHIPPED}/alertmanager/templates/*.tmpl",
    }
    text = monitoring_config.alertmanager(installation, str(folder / "secrets"), pace)
    write_whole(folder / "alertmanager.yml", text)


def _commands(folder: Path, port: Mapping[str, int], postgres: Postgres) -> list[tuple[str, list[str], dict[str, str]]]:
    """Name, argv and environment of each server; the database's password goes in the environment."""
    listen = {name: f"--web.listen-address={_LOOPBACK}:{number}" for name, number in port.items()}
    database = {
        "DATA_SOURCE_URI": f"{postgres.host}:{postgres.port}/postgres?sslmode=disable",
        "DATA_SOURCE_USER": "postgres",
        "DATA_SOURCE_PASS": postgres.password("postgres"),
    }
    data = folder / "data"
    return [
        (
            "prometheus",
            [
                str(program("prometheus")),
                f"--config.file={folder}/prometheus.yml",
                f"--storage.tsdb.path={data}/prometheus",
                "--rules.alert.resend-delay=5s",
                listen["prometheus"],
            ],
            {},
        ),
        (
            "alertmanager",
            [
                str(alertmanager_here()),
                f"--config.file={folder}/alertmanager.yml",
                f"--storage.path={data}/alertmanager",
                "--cluster.listen-address=",
                listen["alertmanager"],
            ],
            {},
        ),
        ("postgres-exporter", [str(program("prometheus-postgres-exporter")), listen["postgres-exporter"]], database),
        (
            "node-exporter",
            [
                str(program("prometheus-node-exporter")),
                "--collector.disable-defaults",
                "--collector.filesystem",
                "--collector.cpu",
                "--collector.meminfo",
                # a file here can tell of a disk that this machine does not have
                "--collector.textfile",
                f"--collector.textfile.directory={folder}/textfile",
                listen["node-exporter"],
            ],
            {},
        ),
        (
            "blackbox-exporter",
            [
                str(program("prometheus-blackbox-exporter")),
                f"--config.file={SHIPPED}/blackbox/blackbox.yml",
                listen["blackbox-exporter"],
            ],
            {},
        ),
        (
            "mtail",
            [
                str(program("mtail")),
                f"--progs={SHIPPED}/mtail",
                f"--logs=udp://{_LOOPBACK}:{port['mtail-log']}",
                f"--address={_LOOPBACK}",
                f"--port={port['mtail']}",
                "--logtostderr",
            ],
            {},
        ),
    ]


def _stamp(folder: Path) -> str:
    files = sorted([*folder.glob("*.yml"), *(folder / "rules").glob("*.yml")])
    return "\n".join(file.read_text() for file in files)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False
