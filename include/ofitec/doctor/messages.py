"""Where messages and files go: Slack, e-mail, the storage of deliveries."""

from uuid import uuid4

from ofitec.clients import mail, slack
from ofitec.clients.storage import Storage
from ofitec.doctor.findings import Unused
from ofitec.settings import settings


def slack_takes_messages() -> str:
    """Ask the webhook without saying anything to the channel."""
    slack.reach()
    return "the webhook is valid (nothing was posted)"


def mail_server() -> str:
    """The mail server that alerts go to when Slack does not take them."""
    address = settings().alert_email
    if not address:
        raise Unused("OFITEC_ALERT_EMAIL is empty: an alert that Slack does not take reaches nobody")
    mail.reach()
    return f"the mail server answers; alerts that Slack does not take go to {address}"


def exports() -> str:
    """Write a file where deliveries go, read it back and remove it."""
    storage = Storage.from_url(settings().export_url)
    name, content = f".ofitec-doctor-{uuid4().hex}", b"written and removed by airflow ofitec doctor\n"
    storage.prove(name, content)
    return f"{storage.url} can be written, read and cleaned"
