"""The F29's rules, free of Odoo: códigos, formulas, dates, exports.

Nothing here imports odoo, so the same files can be tested and read without a server.
"""
