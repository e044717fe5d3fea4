"""Point in time for Odoo's pair: PostgreSQL's WAL by pgBackRest, the filestore every few minutes by restic.

Off unless OFITEC_CONTINUOUS is on. It stands on the backups' room and on none of the nightly's rows: taken away, the
nights, proofs and restores are what they were.
"""
