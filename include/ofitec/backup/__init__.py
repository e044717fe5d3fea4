"""Backups of Odoo (database and filestore of one moment, by restic) that are restored, compared and booted.

`nightly` makes and checks them, `retention` removes old ones, `proof` proves them, `restore` restores one for good,
`rotation` changes the password.
"""
