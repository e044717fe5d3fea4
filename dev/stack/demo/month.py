"""`make demo`: a month's F29 and a proven backup by a real Airflow on a real Odoo, shown on the screen."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

from dev.stack import state
from dev.stack.demo import backup as demo_backup
from dev.stack.demo import register as demo_register
from dev.stack.errors import StackError
from dev.stack.local_stack import EXPORT_PREFIX, LocalStack
from dev.stack.machine import progress
from dev.stack.machine.paths import Place
from dev.stack.services import s3
from ofitec import words

PLACE = Place("demo")


def run(place: Place = PLACE) -> None:
    """Starts what is not running yet, closes the month, shows the results, and leaves the stack up."""
    stack = LocalStack(place)
    if stack.fresh:
        state.forget()
    progress.say("OFITEC ops: real PostgreSQL, Odoo, S3 and Airflow on this machine\n")
    api = stack.airflow.api
    state.write(stack)
    seen = len(stack.slack_sink.messages())
    demo_register.plant(stack)
    api.run("rcv_reconcile", {"period": stack.period})
    show_messages(stack.slack_sink.messages()[seen:])
    demo_register.mend(stack)
    seen = len(stack.slack_sink.messages())
    finished = api.run("f29_monthly", {"period": stack.period})
    show_form(stack)
    show_messages(stack.slack_sink.messages()[seen:])
    demo_backup.run(stack)
    show_places(stack)
    print(f"\nf29_monthly for {stack.period} took {finished.seconds:.0f} s. Everything stays up until `make down`.")


def form_rows(csv_text: str) -> list[tuple[str, str, str]]:
    """The delivered CSV (`casilla,monto,glosa`) as código, glosa, monto, with a heading."""
    rows = [(row["casilla"], row["glosa"], _amount(row["monto"])) for row in csv.DictReader(io.StringIO(csv_text))]
    return [("Código", "Glosa", "Monto"), *rows]


def _amount(text: str) -> str:
    """Código 115, the PPM rate, is the one with decimals."""
    return words.number(float(text) if "." in text else int(text))


def show_form(stack: LocalStack) -> None:
    """Prints each company's delivered form and its files, read back from S3."""
    keys = [key for key in stack.s3.keys(s3.EXPORT_BUCKET, f"{EXPORT_PREFIX}/f29/") if f"/{stack.period}/" in key]
    forms = [key for key in keys if key.endswith(f"/F29_{stack.period}.csv")]
    if not forms:
        raise StackError(f"f29_monthly succeeded but delivered no CSV for {stack.period} to {stack.export_url}.")
    client = stack.s3.client()
    for key in forms:
        text = client.get_object(Bucket=s3.EXPORT_BUCKET, Key=key)["Body"].read().decode("utf-8")
        rut, _, version = key.split("/")[-4:-1]
        print(f"\nF29 {stack.period}, RUT {rut}, {version}\n")
        progress.table(form_rows(text), right={0, 2})
    print(f"\nFiles delivered to {stack.export_url}\n")
    for key in keys:
        size = client.head_object(Bucket=s3.EXPORT_BUCKET, Key=key)["ContentLength"]
        print(f"  {size:>8} bytes  {stack.s3.url}/{s3.EXPORT_BUCKET}/{key}")


def show_messages(messages: list[dict[str, Any]]) -> None:
    """Prints the Slack messages of this run as the webhook received them."""
    if not messages:
        print("\nSlack: no new message, because nothing changed since the last delivery.")
        return
    for message in messages:
        print("\nSlack received\n")
        print("\n".join(f"  │ {line}" for line in message_lines(message)))


def message_lines(message: dict[str, Any]) -> list[str]:
    """The words of a Slack message, line by line: of its blocks when it has any (what people see), else its text.

    A two-line field (title, value) takes one line, and each link a line of its own with its address.
    """
    texts: list[str] = []
    for block in message.get("blocks") or []:
        texts += [_words(block["text"])] if "text" in block else []
        texts += [_words(field).replace("\n", ": ") for field in block.get("fields") or []]
        texts += [_words(element) for element in block.get("elements") or []]
    text = "\n".join(texts) or str(message.get("text", ""))
    text = re.sub(r"\s*·\s*(?=<http)", "\n", text)
    return re.sub(r"<(https?://[^|>]+)\|([^>]+)>", r"\2: \1", text).splitlines()


def _words(element: dict[str, Any]) -> str:
    """The words of a Block Kit text object; a button's are its label and the address it opens."""
    inner = element.get("text", "")
    words = str(inner.get("text", "") if isinstance(inner, dict) else inner)
    return f"{words}: {element['url']}" if "url" in element else words


def show_places(stack: LocalStack) -> None:
    """Prints where to look and how to log in."""
    rows = [
        ("Open", "Address", "Login", "Password"),
        ("Airflow", stack.airflow.url, stack.airflow.user, stack.airflow.password),
        ("Odoo", stack.odoo.url, "admin", stack.credentials.odoo_admin),
        ("S3", stack.s3.url, "", ""),
        ("Slack messages", str(stack.slack_sink.file), "", ""),
        ("All of it as JSON", str(state.FILE), "", ""),
    ]
    print()
    progress.table(rows, right=set())
