"""What restic prints when its storage fails, and when data are wrong.

The storages' own words are those of their client libraries (minio-go, googleapi, azure-sdk, blazer, swift, OpenSSH,
Go's net and tls); restic 0.19 puts its own around them, by what it was doing. `storages` provokes the real thing, where
that can be had.
"""

PACK = "25b8503313bbb5aeb5f72e86771e41ec8b16cd1be413c508957cea46ffde256f"

_WORDS = {
    "S3": (
        "Access Denied.",
        "Stat: Access Denied.",
        "client.PutObject: Access Denied",
        "The Access Key Id you provided does not exist in our records.",
        "The request signature we calculated does not match the signature you provided. Check your key.",
        "The provided token has expired.",
        "The provided token is malformed or otherwise invalid.",
        "ExpiredToken: The security token included in the request is expired",
        "The difference between the request time and the current time is too large.",
        "The operation is not valid for the object's storage class",
        "All access to this object has been disabled",
        "There is a problem with your account",
        "Please reduce your request rate.",
        "Stat: 503 Service Unavailable",
        "unexpected HTTP response (500): 500 Internal Server Error",
        "We encountered an internal error, please try again.",
        "The bucket you are attempting to access must be addressed using the specified endpoint.",
        "Request has expired",
        "Bucket is in this region: sa-east-1. Please use this region to retry the request",
        "403 Forbidden",
        "NoCredentialProviders: no valid providers in chain",
    ),
    "REST": (
        "unexpected HTTP response (401): 401 Unauthorized",
        "unexpected HTTP response (403): 403 Forbidden",
        "unexpected HTTP response (413): 413 Request Entity Too Large",
        "unexpected HTTP response (429): 429 Too Many Requests",
        "unexpected HTTP response (500): 500 Internal Server Error",
        "unexpected HTTP response (502): 502 Bad Gateway",
        "unexpected HTTP response (503): 503 Service Unavailable",
        "unexpected HTTP response (507): 507 Insufficient Storage",
    ),
    "SFTP": (
        "subprocess ssh: ssh: connect to host b.example port 22: Connection refused",
        "subprocess ssh: ssh: Could not resolve hostname b.example: Temporary failure in name resolution",
        "subprocess ssh: respaldos@b.example: Permission denied (publickey,password).",
        "subprocess ssh: Host key verification failed.",
        "unable to start the sftp session, error: error receiving version packet from server: EOF",
        "connection lost",
        'sftp: "Permission denied" (SSH_FX_PERMISSION_DENIED)',
        'sftp: "Failure" (SSH_FX_FAILURE)',
        "subprocess ssh: client_loop: send disconnect: Broken pipe",
    ),
    "GS": (
        "googleapi: Error 401: Invalid Credentials, authError",
        "googleapi: Error 403: sa@x.iam.gserviceaccount.com does not have storage.objects.get access, forbidden",
        "googleapi: Error 429: The rate of change requests is too high, rateLimitExceeded",
        "googleapi: Error 503: Backend Error, backendError",
        'oauth2: cannot fetch token: 400 Bad Request Response: {"error":"invalid_grant"}',
        "unable to create storage client: google: could not find default credentials.",
        "open /no/existe.json: no such file or directory",
    ),
    "Azure": (
        "RESPONSE 403: 403 Server failed to authenticate the request. ERROR CODE: AuthenticationFailed",
        "RESPONSE 403: 403 This request is not authorized. ERROR CODE: AuthorizationFailure",
        "RESPONSE 403: 403 AuthorizationPermissionMismatch",
        "RESPONSE 409: 409 The specified blob is being rehydrated. ERROR CODE: BlobBeingRehydrated",
        "RESPONSE 503: 503 The server is busy. ERROR CODE: ServerBusy",
        "NewSharedKeyCredential: decode account key: illegal base64 data at input byte 2",
        "AuthenticationFailed: Signature not valid in the specified time frame",
    ),
    "B2": (
        "b2_authorize_account: 401: bad_auth_token",
        "b2_download_file_by_name: 403: download_cap_exceeded",
        "b2_get_upload_url: 503: no tomes available",
    ),
    "Swift": ("conn.Authenticate: Authorization Failed", "conn.Object: Timeout when reading or writing data"),
    "network": (
        "dial tcp 192.0.2.1:443: connect: connection refused",
        "dial tcp 192.0.2.1:443: i/o timeout",
        "dial tcp 192.0.2.1:443: connect: no route to host",
        "dial tcp 192.0.2.1:443: connect: network is unreachable",
        "dial tcp: lookup s3.example on 127.0.0.53:53: no such host",
        "dial tcp: lookup s3.example on 127.0.0.53:53: server misbehaving",
        "read tcp 10.0.0.1:1->192.0.2.1:443: read: connection reset by peer",
        'Get "https://s3.example/b/data": EOF',
        "unexpected EOF",
        "http2: server sent GOAWAY and closed the connection",
        "net/http: TLS handshake timeout",
        "tls: failed to verify certificate: x509: certificate signed by unknown authority",
        "tls: failed to verify certificate: x509: certificate has expired or is not yet valid",
        "x509: certificate is valid for a.example, not s3.example",
        "http: server gave HTTP response to HTTPS client",
        "remote error: tls: handshake failure",
        "context deadline exceeded",
        "proxyconnect tcp: dial tcp 127.0.0.1:3128: connect: connection refused",
    ),
    "folder": (
        "open /srv/respaldos/data/25/25b850: permission denied",
        "open /srv/respaldos/data/25/25b850: stale NFS file handle",
        "read /srv/respaldos/data/25/25b850: input/output error",
        "open /srv/respaldos/data/25/25b850: too many open files",
        "read /srv/respaldos/data/25/25b850: transport endpoint is not connected",
        f"open /srv/respaldos/data/25/{PACK}: no such file or directory",
    ),
}
_AROUND = (
    "Load(<data/25b8503313>, 503, 0) failed: {text}\nFatal: There were 2 errors",
    # what check says of packs when it could not list them
    "List(data) returned error, retrying after 1s: {text}\npack " + PACK + ": does not exist\n"
    "The repository is damaged and must be repaired.\nFatal: repository contains errors",
)
_OTHER = (
    "lchown /var/tmp/copia/odoo.dump: operation not permitted\nFatal: There were 1 errors",
    "open /var/tmp/copia/odoo.dump: read-only file system\nFatal: There were 1 errors",
    "write /var/tmp/copia/odoo.dump: no space left on device\nFatal: There were 1 errors",
    "write /var/tmp/copia/odoo.dump: disk quota exceeded\nFatal: There were 1 errors",
    "open /var/tmp/copia/odoo.dump: no such file or directory\nFatal: There were 1 errors",
    "unable to open cache: mkdir /root/.cache: read-only file system\nFatal: unable to open config file: EOF",
    "runtime: out of memory: cannot allocate 8388608-byte block",
    "fork/exec /usr/bin/ssh: no such file or directory",
    "Fatal: parsing repository location failed: s3: bucket name not found",
    "Fatal: invalid number of retry-lock",
    "",
)
FAULTS = [around.format(text=text) for texts in _WORDS.values() for text in texts for around in _AROUND] + [*_OTHER]

DAMAGE = [
    f"decrypting blob <data/37ece99b> from pack {PACK} failed: ciphertext verification failed",
    f"pack {PACK} contains 2 errors: [blob 37ece9: wrong data returned, hash is 11d1 unexpected pack id 11d1d1f6]",
    f"pack {PACK}: unexpected file size: got 100000, expected 1800582",
    "Load(<data/25b8503313>, 1800582, 0) failed: file is too short",
    "LoadRaw(<snapshot/76a5fa2df9>): invalid data returned",
    "loading tree: decompression failed: invalid input: magic number mismatch",
]
