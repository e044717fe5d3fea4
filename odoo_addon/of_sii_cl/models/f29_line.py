from odoo import api, fields, models

from ..core import codes


class OfSiiF29Line(models.Model):
    _name = "of.sii.f29.line"
    _description = "F29 código"
    _order = "sequence"
    _rec_name = "glosa"

    f29_id = fields.Many2one("of.sii.f29", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="f29_id.company_id", store=True)
    code = fields.Integer(string="Código", required=True)
    glosa = fields.Char(required=True)
    kind = fields.Selection([("count", "Documents"), ("amount", "Pesos"), ("rate", "Percent")], required=True)
    source = fields.Selection(
        [
            ("ledger", "Journal items"),
            ("carry", "Previous form"),
            ("input", "Manual"),
            ("form", "Of the form"),
            ("computed", "Formula"),
        ],
        required=True,
    )
    # numeric, because a total of pesos does not fit an integer column; decimals for the rate alone
    amount = fields.Float(digits=(16, 3), required=True)
    amount_text = fields.Char(string="Shown amount", compute="_compute_amount_text")
    # As the form prints them, in Spanish for whoever reads.
    section = fields.Selection(list(codes.SECTIONS.items()), compute="_compute_place", store=True)
    sequence = fields.Integer(compute="_compute_place", store=True, help="Place of the código on the form")

    if hasattr(models, "Constraint"):
        _code_uniq = models.Constraint("unique(f29_id, code)", "A form holds each código once.")
    else:
        _sql_constraints = [("code_uniq", "unique(f29_id, code)", "A form holds each código once.")]

    @api.depends("code")
    def _compute_place(self):
        known = codes.codes()
        for line in self:
            row = known.get(line.code)
            line.section, line.sequence = (row.section, row.sequence) if row else (False, 0)

    @api.depends("code", "amount")
    def _compute_amount_text(self):
        for line in self:
            line.amount_text = codes.amount_text(line.code, line.amount)

    def action_open_items(self):
        """What the código adds up."""
        return self._open_parts()

    def _refresh(self, form, casillas):
        """Make the lines of a form equal to ``casillas``; return the changes as (código, old, new).

        Lines that stay the same are not written, so that their dates tell when they last changed.
        """
        known = codes.codes()
        lines = {line.code: line for line in form.line_ids.sudo()}
        changes = []
        missing = []
        for code in sorted({*lines, *casillas}):
            line, new = lines.get(code), casillas.get(code)
            old = codes.exact(code, line.amount) if line else 0
            if new is None:
                line.unlink()
            elif line is None:
                row = known[code]
                missing.append(
                    {
                        "f29_id": form.id,
                        "code": code,
                        "glosa": row.glosa,
                        "kind": row.kind,
                        "source": row.source,
                        "amount": float(new),
                    }
                )
            elif old != new:
                line.amount = float(new)
            if old != (new or 0):
                changes.append((code, old, new or 0))
        self.sudo().create(missing)
        return changes
