"""Storages that fail: each fault is provoked for real, by a real restic, around one good backup.

Debian's restic is built without Azure, whose words are in `storage_words` only.
"""

import os

from tests.ofitec.backup.storage_faults import (
    Fault,
    Place,
    address,
    copy_server_refuses,
    empty_folder,
    index_read,
    job_with,
    keys_gone,
    moved_away,
    no_restic,
    no_server_for_the_copy,
    pack_list,
    packs,
    pg_restore_is,
    rest_says,
    restic_is,
    s3_cut,
    s3_network,
    s3_not_tls,
    s3_says,
    s3_untrusted,
    small_work_disk,
    snapshot_read,
    upload,
    wrong_password,
)

__all__ = ["FAULTS", "QUICKLY", "Fault", "Place", "pack_list", "s3_says", "upload"]

NOT_FOUND = "nada.invalid"
FAULTS: dict[str, Fault] = {
    "S3 AccessDenied": s3_says(403, "AccessDenied", "Access Denied."),
    "S3 AccessDenied to packs": s3_says(403, "AccessDenied", "Access Denied.", when=packs),
    "S3 InvalidAccessKeyId": s3_says(403, "InvalidAccessKeyId", "The Access Key Id you provided does not exist"),
    "S3 SignatureDoesNotMatch": s3_says(403, "SignatureDoesNotMatch", "The request signature we calculated does not "
                                        "match the signature you provided."),
    "S3 ExpiredToken": s3_says(400, "ExpiredToken", "The provided token has expired."),
    "S3 ExpiredToken at the packs": s3_says(400, "ExpiredToken", "The provided token has expired.", when=packs),
    "S3 RequestTimeTooSkewed": s3_says(403, "RequestTimeTooSkewed", "The difference between the request time and the "
                                       "current time is too large."),
    "S3 untrusted certificate": s3_untrusted,
    "REST 401": rest_says(401),
    "REST 403": rest_says(403),
    "GS without its credentials' file": address("gs:respaldos:/", GOOGLE_PROJECT_ID="x",
                                               GOOGLE_APPLICATION_CREDENTIALS="/no/existe.json"),
    "SFTP refused": address("sftp://nadie@127.0.0.1:1//srv/respaldos"),
    "folder not mounted": moved_away,
    "empty mount point": empty_folder,
    "wrong password": wrong_password,
    "restic killed": restic_is("kill -9 $$"),
    "pg_restore not there": pg_restore_is(""),
    "pg_restore killed": pg_restore_is("kill -9 $$"),
    "copy's server down": no_server_for_the_copy,
    "S3 AccessDenied to the list of packs": s3_says(403, "AccessDenied", "Access Denied.", when=pack_list),
    "S3 AccessDenied to snapshots": s3_says(403, "AccessDenied", "Access Denied.", when=snapshot_read),
    "S3 AccessDenied to the index": s3_says(403, "AccessDenied", "Access Denied.", when=index_read),
    "S3 InvalidObjectState (archived)": s3_says(403, "InvalidObjectState", "The operation is not valid for the "
                                                "object's storage class", when=packs),
    "S3 AccountProblem": s3_says(403, "AccountProblem", "There is a problem with your account"),
    "S3 AllAccessDisabled": s3_says(403, "AllAccessDisabled", "All access to this object has been disabled"),
    "S3 InvalidToken": s3_says(400, "InvalidToken", "The provided token is malformed or otherwise invalid."),
    "S3 NoSuchBucket": s3_says(404, "NoSuchBucket", "The specified bucket does not exist"),
    "S3 PermanentRedirect": s3_says(301, "PermanentRedirect", "The bucket must be addressed by the endpoint"),
    "S3 MethodNotAllowed": s3_says(405, "MethodNotAllowed", "The specified method is not allowed"),
    "S3 RequestTimeout": s3_says(400, "RequestTimeout", "Your socket connection was not read from in time"),
    "S3 SlowDown": s3_says(503, "SlowDown", "Please reduce your request rate."),
    "S3 SlowDown at the packs": s3_says(503, "SlowDown", "Please reduce your request rate.", when=packs),
    "S3 InternalError": s3_says(500, "InternalError", "We encountered an internal error. Please try again."),
    "S3 InternalError at the packs": s3_says(500, "InternalError", "We encountered an internal error.", when=packs),
    "S3 InternalError at the list of packs": s3_says(500, "InternalError", "Internal error.", when=pack_list),
    "S3 ServiceUnavailable at the snapshots": s3_says(503, "ServiceUnavailable", "x", when=snapshot_read),
    "S3 502 of a proxy": s3_says(502, "BadGateway"),
    "S3 504 of a proxy at the packs": s3_says(504, "GatewayTimeout", when=packs),
    "S3 answers cut short": s3_cut,
    "S3 resets": s3_network("refuse", 0),
    "S3 resets later": s3_network("refuse", 6_000),
    "S3 stalls": s3_network("stall", 0),
    "S3 stalls later": s3_network("stall", 6_000),
    "S3 refused": address("s3:http://127.0.0.1:1/respaldos"),
    "S3 without TLS": s3_not_tls,
    "S3 name not found": address(f"s3:https://{NOT_FOUND}/respaldos"),
    "REST 404": rest_says(404),
    "REST 429": rest_says(429),
    "REST 500": rest_says(500),
    "REST 502": rest_says(502),
    "REST 503": rest_says(503),
    "REST 507": rest_says(507),
    "REST refused": address("rest:http://127.0.0.1:1/"),
    "REST name not found": address(f"rest:https://{NOT_FOUND}/"),
    "SFTP name not found": address(f"sftp://nadie@{NOT_FOUND}//srv/respaldos"),
    "GS behind a proxy that is down": address("gs:respaldos:/", GOOGLE_PROJECT_ID="x", GOOGLE_ACCESS_TOKEN="ya29.x",
                                             HTTPS_PROXY="http://127.0.0.1:1"),
    "B2 behind a proxy that is down": address("b2:respaldos:/", secrets={"B2_ACCOUNT_KEY": "x"}, B2_ACCOUNT_ID="x",
                                              HTTPS_PROXY="http://127.0.0.1:1"),
    "Swift refused": address("swift:respaldos:/", secrets={"OS_PASSWORD": "x"}, OS_AUTH_URL="http://127.0.0.1:1/v3",
                             OS_USERNAME="x", OS_TENANT_NAME="x"),
    "key files gone": keys_gone,
    "restic not there": no_restic,
    "restic out of memory": restic_is('case "$*" in *" restore "*) kill -9 $$;; esac; exec $REAL "$@"'),
    "pg_restore of another version": pg_restore_is("echo 'pg_restore: error: unsupported version (1.99) in file "
                                                   "header' >&2; exit 1"),
    "an extension is missing": pg_restore_is("echo 'pg_restore: error: could not execute query: ERROR:  extension "
                                             "\"vector\" is not available' >&2; exit 1"),
    "copy's server refuses us": copy_server_refuses,
    "Odoo not there": job_with(odoo_command="/no/existe/odoo"),
    "Odoo of another series": job_with(odoo_command="echo Odoo Server 16.0 --x"),
}  # fmt: skip
if os.geteuid() == 0:
    FAULTS["work disk full"] = small_work_disk
# restic gives up on these at once; on the others it goes on trying until its time is up
QUICKLY = {
    name: FAULTS[name]
    for name in (
        "S3 AccessDenied", "S3 AccessDenied to packs", "S3 AccessDenied to snapshots", "S3 AccessDenied to the index",
        "REST 401", "REST 403", "REST 404", "REST 507", "SFTP refused", "SFTP name not found", "Swift refused",
        "GS without its credentials' file", "folder not mounted", "empty mount point", "wrong password",
        "key files gone", "restic killed", "restic not there", "pg_restore not there", "pg_restore killed",
        "pg_restore of another version", "an extension is missing", "copy's server down", "copy's server refuses us",
    )
}  # fmt: skip
