"""The client of e-mail: Airflow's SMTP provider, connection `smtp_default`."""

from html import escape

from ofitec.connections import connection
from ofitec.errors import TransientError


class MailFailed(TransientError):
    """The mail server did not take the message."""


def send(to: str, subject: str, text: str, conn_id: str = "smtp_default") -> None:
    """Send one plain message.

    :raises MailFailed: if the server refuses it or cannot be reached
    """
    from smtplib import SMTPException

    from airflow.providers.smtp.hooks.smtp import SmtpHook

    body = f"<pre style='font-family:inherit;white-space:pre-wrap'>{escape(text)}</pre>"
    try:
        with SmtpHook(smtp_conn_id=conn_id) as hook:
            hook.send_email_smtp(to=to, subject=subject, html_content=body)
    except (SMTPException, OSError) as error:
        raise MailFailed(f"The mail server of connection {conn_id} failed: {type(error).__name__}.") from None


def reach(conn_id: str = "smtp_default") -> None:
    """Connect and sign in, and send nothing.

    :raises MailFailed: if the server refuses or cannot be reached
    :raises InputError: if there is no such connection
    """
    from smtplib import SMTPException

    from airflow.providers.smtp.hooks.smtp import SmtpHook

    connection(conn_id)
    try:
        with SmtpHook(smtp_conn_id=conn_id):
            pass
    except (SMTPException, OSError) as error:
        raise MailFailed(
            f"The mail server of connection {conn_id} failed: {type(error).__name__}. Check its address and login."
        ) from None
