from odoo import fields, models

from ..core import codes


class OfSiiF29Line(models.Model):
    _inherit = "of.sii.f29.line"

    # Only on the first line of a section, as the form prints it.
    heading = fields.Char(string="Part of the form", compute="_compute_heading")

    def _compute_heading(self):
        first = {}
        for line in self.f29_id.line_ids.sorted("sequence"):
            first.setdefault((line.f29_id.id, line.section), line.id)
        for line in self:
            begins = first.get((line.f29_id.id, line.section)) == line.id
            line.heading = codes.SECTIONS.get(line.section, "") if begins else ""
