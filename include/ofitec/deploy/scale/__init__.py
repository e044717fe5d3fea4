"""Odoo's own load: from what is measured, how many of its processes should answer requests, and the change of that."""
