from odoo import fields, models


class Partner(models.Model):
    _inherit = "res.partner"

    probe_name = fields.Char()
