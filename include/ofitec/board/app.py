"""The application that the plugin mounts at /ofitec in Airflow's API server: the board and the metrics."""

from fastapi import BackgroundTasks, FastAPI, Response
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from ofitec.board import access, f29_reading, metrics
from ofitec.board.facts import collect

app = FastAPI(title="OFITEC ops", docs_url=None, redoc_url=None, openapi_url=None)


@app.get("/metrics", dependencies=[access.metrics_token])
def read_metrics(background: BackgroundTasks) -> Response:
    """Prometheus' scrape. Where the F29s stand is renewed after the answer, so that a slow Odoo delays no scrape."""
    background.add_task(f29_reading.refresh)
    return Response(metrics.render(collect()), media_type=CONTENT_TYPE_PLAIN_0_0_4)
