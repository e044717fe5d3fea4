from odoo import fields, models

DIRECTIONS = [("sale", "Sale"), ("purchase", "Purchase")]
REASONS = [
    ("month", "Document of the month"),
    ("payment", "Fee paid in the month"),
    ("known", "Known, declared in another month"),
]


class OfSiiF29Document(models.Model):
    """A document as it was when its form was approved: nothing that happens to the entry later changes it."""

    _name = "of.sii.f29.document"
    _description = "Document of a closed F29"
    _order = "direction desc, type, folio, id"
    _rec_name = "number"

    f29_id = fields.Many2one("of.sii.f29", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one("res.company", required=True)
    period = fields.Char(required=True)
    reason = fields.Selection(REASONS, required=True)
    in_force = fields.Boolean(help="Its form is filed and not replaced: the document is counted in no other month.")
    # An entry may be deleted afterwards; that is one of the things to tell.
    move_id = fields.Many2one("account.move", string="Entry", ondelete="set null", index=True)
    fingerprint = fields.Char(help="Of the entry's type, partner, date and amounts by tax, to see whether it changed.")
    direction = fields.Selection(DIRECTIONS, required=True)
    type = fields.Char(string="Document type")
    folio = fields.Char()
    number = fields.Char()
    rut = fields.Char(string="RUT")
    name = fields.Char(string="Partner")
    date = fields.Date()
    refund = fields.Boolean(string="Credit note")
    net = fields.Float(digits=(16, 0))
    exempt = fields.Float(digits=(16, 0))
    iva = fields.Float(string="IVA", digits=(16, 0))
    total = fields.Float(digits=(16, 0))
    code_ids = fields.One2many("of.sii.f29.document.code", "document_id", string="Códigos")

    def init(self):
        # Every computation asks whether a document is sealed in another month.
        self.env.cr.execute(
            """
            CREATE INDEX IF NOT EXISTS of_sii_f29_document_in_force ON of_sii_f29_document (move_id, period)
             WHERE in_force AND reason = 'month';
            CREATE INDEX IF NOT EXISTS of_sii_f29_document_deleted ON of_sii_f29_document (f29_id)
             WHERE in_force AND reason = 'month' AND move_id IS NULL
            """
        )

    def _as_row(self):
        """The document as ``of.sii.f29.documents`` gives it."""
        return {
            "move_id": self.move_id.id,
            "direction": self.direction,
            "type": self.type or "",
            "folio": self.folio or "",
            "rut": self.rut or "",
            "name": self.name or "",
            "date": self.date.isoformat() if self.date else "",
            "refund": self.refund,
            "net": int(self.net),
            "exempt": int(self.exempt),
            "iva": int(self.iva),
            "total": int(self.total),
            "codes": [str(code) for code in sorted(self.code_ids.mapped("code"))],
        }

    def action_open_entry(self):
        """Open the entry that the document was."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.move_id.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }


class OfSiiF29DocumentCode(models.Model):
    """What a document gave to a código. Without a document: what a person entered, or what the form cut off."""

    _name = "of.sii.f29.document.code"
    _description = "Amount of a document in a código"
    _order = "code, document_id, id"
    _rec_name = "label"

    f29_id = fields.Many2one("of.sii.f29", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one("res.company", required=True)
    document_id = fields.Many2one("of.sii.f29.document", ondelete="cascade", index=True)
    code = fields.Integer(string="Código", required=True)
    # Exact: a share of the common use IVA has decimals, and only their sum is rounded.
    amount = fields.Float(digits=(16, 0), required=True)
    label = fields.Char(help="What it is when it is no document")
    type = fields.Char(related="document_id.type")
    folio = fields.Char(related="document_id.folio")
    rut = fields.Char(related="document_id.rut")
    name = fields.Char(related="document_id.name")
    date = fields.Date(related="document_id.date")
    net = fields.Float(related="document_id.net")
    iva = fields.Float(related="document_id.iva")
    total = fields.Float(related="document_id.total")
    move_id = fields.Many2one(related="document_id.move_id")

    def action_open_entry(self):
        """Open the entry that the document was."""
        return self.document_id.action_open_entry()
