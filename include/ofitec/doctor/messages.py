"""Where messages and files go: Slack, e-mail, the dead man's switch, the storage of deliveries."""

from uuid import uuid4

from ofitec.clients import mail, slack
from ofitec.clients.pings import PingRefused, ping
from ofitec.clients.storage import Storage
from ofitec.connections import found
from ofitec.doctor.findings import Unused
from ofitec.notify import alive
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


def dead_mans_switch() -> str:
    """Ask for the nightly backup's check by a signal that changes nothing, and make none.

    It answers the same to a wrong key and to a check that is not there yet.
    """
    conn = found(alive.CONNECTION)
    if conn is None:
        raise Unused("no connection ping_default: nobody outside notices when the scheduled DAGs stop")
    check = alive.slug(settings().env, "backup_nightly")
    try:
        ping(conn, check, "log", create=False)
    except PingRefused as refused:
        if refused.status != 404:
            raise
        return (
            f"the dead man's switch answers and has no check {check} yet: a run makes it. If backup_nightly has ended "
            "since the connection was made, the ping key is wrong"
        )
    return f"the dead man's switch takes signals of {check}"


def exports() -> str:
    """Write a file where deliveries go, read it back and remove it."""
    storage = Storage.from_url(settings().export_url)
    name, content = f".ofitec-doctor-{uuid4().hex}", b"written and removed by airflow ofitec doctor\n"
    storage.prove(name, content)
    return f"{storage.url} can be written, read and cleaned"
