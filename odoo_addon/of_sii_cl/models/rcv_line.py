import json
from itertools import islice

from odoo import fields, models

from ..core import period as periods
from ..core.reconcile import DAYS_TO_CLAIM
from .f29_document import DIRECTIONS

NATURES = [
    ("market", "Supermarket"),
    ("fixed", "Fixed asset"),
    ("estate", "Real estate"),
    ("common", "Common use"),
    ("lost", "IVA without credit"),
    ("out", "Not to be included"),
]
SECTIONS = [
    ("sales", "Sales"),
    ("purchases", "Purchases: registered"),
    ("pending", "Purchases: pending"),
    ("not_included", "Purchases: not to be included"),
    ("claimed", "Purchases: claimed"),
    ("summary", "Summary of sales"),
    ("honorarios", "Fee receipts received"),
]
COLUMNS = (
    *("rcv_id", "company_id", "period", "section", "line", "further_lines", "direction", "type", "rut", "folio"),
    *("name", "date", "received", "accepted", "claimed", "nature", "exempt", "net", "vat", "lost_vat", "fixed_net"),
    *("fixed_vat", "common_vat", "withheld", "other_taxes", "total", "documents", "cancelled", "reference_type"),
    "reference_folio",
)
COPY = f"COPY of_sii_rcv_line ({', '.join(COLUMNS)}) FROM STDIN"
_ROWS_AT_ONCE = 500
ANALYZED = ("rcv_id", "direction", "type", "rut", "folio")
FEWER_STATISTICS = "ALTER TABLE of_sii_rcv_line " + ", ".join(f"ALTER {name} SET STATISTICS 10" for name in ANALYZED)


class CopyText:
    """Rows of text as the file that PostgreSQL's COPY reads, a few hundred at a time."""

    def __init__(self, rows):
        self.rows = rows
        self.rest = ""

    def read(self, size):  # pylint: disable=method-required-super
        while len(self.rest) < size and (more := "".join(islice(self.rows, _ROWS_AT_ONCE))):
            self.rest += more
        given, self.rest = self.rest[:size], self.rest[size:]
        return given


def copy_row(register, document):
    """One document as a line of COPY's text. ``register``: the columns before ``line``, as text with tabs."""
    (
        line,
        further,
        direction,
        kind,
        rut,
        folio,
        name,
        date,
        received,
        accepted,
        claimed,
        nature,
        exempt,
        net,
        vat,
        lost_vat,
        fixed_net,
        fixed_vat,
        common_vat,
        withheld,
        others,
        total,
        documents,
        cancelled,
        reference_type,
        reference_folio,
    ) = document
    name = name.replace("\\", "\\\\").replace("\t", " ") if "\\" in name or "\t" in name else name
    others = json.dumps([{"code": tax.code, "amount": tax.amount} for tax in others]) if others else "\\N"
    return (
        f"{register}\t{line}\t{','.join(map(str, further)) if further else ''}\t{direction}\t{kind}\t{rut}\t{folio}\t"
        f"{name}\t{date or chr(92) + 'N'}\t{received or chr(92) + 'N'}\t{accepted or chr(92) + 'N'}\t"
        f"{claimed or chr(92) + 'N'}\t{nature or chr(92) + 'N'}\t{exempt}\t{net}\t{vat}\t{lost_vat}\t{fixed_net}\t"
        f"{fixed_vat}\t{common_vat}\t{withheld}\t{others}\t{total}\t{documents}\t{cancelled}\t{reference_type}\t"
        f"{reference_folio}\n"
    )


class LooseMany2one(fields.Many2one):
    """A Many2one without foreign key: PostgreSQL would look up its record for each of a million lines. Whoever deletes
    that record deletes the lines."""

    def update_db_foreign_key(self, model, column):
        """None is made."""


class OfSiiRcvLine(models.Model):
    """One document of a register as the SII has it. Whole pesos; those of credit notes are positive."""

    _name = "of.sii.rcv.line"
    _description = "Document of the SII's register"
    _order = "rcv_id, line"
    _rec_name = "folio"
    _log_access = False

    rcv_id = LooseMany2one("of.sii.rcv", string="Register", required=True, ondelete="cascade", index=True)
    company_id = LooseMany2one("res.company", required=True, ondelete="cascade")
    period = fields.Char(required=True)
    section = fields.Selection(SECTIONS, required=True)
    line = fields.Integer(required=True, help="Of the file, its header counted")
    further_lines = fields.Char(help="Lines of the same document with its other taxes")
    direction = fields.Selection(DIRECTIONS, required=True)
    type = fields.Char(string="Document type", required=True)
    rut = fields.Char(string="RUT")
    folio = fields.Char()
    name = fields.Char(string="Counterpart")
    date = fields.Date()
    received = fields.Date(string="Received by the SII")
    accepted = fields.Date(string="Acknowledged on", help="Explicit acknowledgement (acuse de recibo)")
    claimed = fields.Date()
    nature = fields.Selection(NATURES)
    exempt = fields.Float(digits=(16, 0))
    net = fields.Float(digits=(16, 0))
    vat = fields.Float(string="IVA", digits=(16, 0), help="Recoverable, that of fixed assets within it")
    lost_vat = fields.Float(string="IVA without credit", digits=(16, 0))
    fixed_net = fields.Float(string="Net of fixed assets", digits=(16, 0))
    fixed_vat = fields.Float(string="IVA of fixed assets", digits=(16, 0))
    common_vat = fields.Float(string="IVA of common use", digits=(16, 0))
    withheld = fields.Float(digits=(16, 0))
    other_taxes = fields.Json(help="[{code: CodImp, amount: whole pesos}]")
    total = fields.Float(digits=(16, 0))
    documents = fields.Integer(help="In the summary: how many documents of the type")
    cancelled = fields.Boolean()
    reference_type = fields.Char()
    reference_folio = fields.Char()
    days_left = fields.Integer(
        string="Days left to claim",
        compute="_compute_days_left",
        help="Of a pending purchase: eight calendar days from its reception (Ley 19.983).",
    )

    def init(self):
        # three thousand rows tell what there is to know of a register; by default ANALYZE reads thirty thousand
        self.env.cr.execute(FEWER_STATISTICS)

    def _compute_days_left(self):
        today = periods.today_in_santiago(fields.Datetime.now())
        for line in self:
            open_ = line.section == "pending" and line.received
            line.days_left = max((line.received - today).days + DAYS_TO_CLAIM, 0) if open_ else 0
