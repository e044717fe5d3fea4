"""The local stack with CeleryExecutor: Redis between, and each worker a host of its own.

What the workers share is what docs/operations.md says they must: the broker, Airflow's API server and database, the
ledger, Odoo and its filestore, the storage (deliveries, backups, logs), Slack, and the folder of the password that
`secrets_rotate` changes. All else of a worker is its own: address, disk, temporary files, restic's cache, logs.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from dev.stack.local_stack import LocalStack
from dev.stack.machine.hosts import Host
from dev.stack.services import redis

# as in docker-compose.yml: a worker asks the API server, signs nothing, and decrypts nothing of Airflow's database
NOT_A_WORKERS = ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "AIRFLOW__CORE__FERNET_KEY", "AIRFLOW__API_AUTH__JWT_SECRET")
BACKUP_BUCKET = "ofitec-respaldos"
LOG_BUCKET = "ofitec-registros"


class CeleryStack(LocalStack):
    """Workers are started by `start_worker`, any number, any time."""

    @cached_property
    def redis(self) -> redis.Redis:
        return redis.up(self.place, self.processes)

    @property
    def repository(self) -> str:
        """The restic repository's address: on the storage, which every worker reaches."""
        return f"s3:{self.s3.url}/{BACKUP_BUCKET}/odoo"

    def settings(self) -> dict[str, str]:
        for bucket in (BACKUP_BUCKET, LOG_BUCKET):
            self.s3.client().create_bucket(Bucket=bucket)
        results = self.postgres.dsn("airflow", "airflow")
        celery = {
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__CELERY__BROKER_URL": self.redis.url,
            "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{results}",
            "AIRFLOW__CELERY__WORKER_CONCURRENCY": "2",
            # a dead worker's tasks are found out in seconds, not in the five minutes of the default
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "15",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
            "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "3",
            "AIRFLOW__LOGGING__REMOTE_LOGGING": "True",
            "AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER": f"s3://{LOG_BUCKET}/airflow",
            "AIRFLOW__LOGGING__REMOTE_LOG_CONN_ID": "aws_default",
            "OFITEC_RESTIC_REPOSITORY": self.repository,
            # nobody else works on the repository: a killed worker's lock is dead when nobody refreshed it so long
            "OFITEC_RESTIC_LOCK_STALE": "20",
        }
        return {**super().settings(), **celery, **self.extra_settings}

    def start_worker(
        self, host: Host, *, queues: str = "default,ops", given: Sequence[Path] | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        """Starts the worker of a host that was made by `worker_host`.

        `given` are the folders that it shares; `env` are settings of this worker alone.
        """
        argv = [sys.executable, "-m", "airflow", "celery", "worker", "--queues", queues]
        own = {"AIRFLOW__CORE__HOSTNAME_CALLABLE": "airflow.utils.net.get_host_ip_address"}
        folders = [*self.shared_folders(), self.restic_password_file.parent] if given is None else given
        given_env = {name: value for name, value in self.airflow.env.items() if name not in NOT_A_WORKERS}
        host.start(self.processes, argv, env={**given_env, **own, **(env or {})}, given=folders)

    def worker_host(self, name: str, number: int) -> Host:
        """A host with the programs that the queue `ops` needs: Odoo's configuration is a file on its own disk."""
        host = Host(name, self.place, number)
        reached = [self.postgres.port, self.redis.port, self.odoo.port]
        reached += [int(url.rsplit(":", 1)[1]) for url in (self.airflow.url, self.s3.url, self.slack_sink.url)]
        host.make(self.processes, reached)
        host.install(self.odoo_parts.config)
        (host.disk / "airflow").mkdir(mode=0o700)
        return host

    def shared_folders(self) -> list[Path]:
        """Odoo's filestores, which every worker of the queue `ops` mounts, and the add-on's code."""
        return [self.odoo_parts.data_dir / "filestore", self.odoo_parts.addon.folder]
