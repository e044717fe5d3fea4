from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools.sql import column_exists, create_column

from ..core import period as periods
from ..core.reconcile import DAYS_TO_CLAIM
from .f29 import OPEN
from .rcv_match import FOLIO, RUT

# In which month a document is declared where nobody said another: a sale by its invoice date, else the accounting date.
FILL = """
    UPDATE account_move
       SET of_sii_period = to_char(CASE WHEN starts_with(move_type, 'out') THEN coalesce(invoice_date, date)
                                        ELSE date END, 'YYYY-MM')
"""
# The month that the SII gives to documents: that of the register they are in, of a pending purchase that of its acuse,
# explicit or by the silence of eight calendar days (art. 3 Ley 19.983; SII FAQ 6976, 7029).
ACUSE = f"""
    SELECT DISTINCT ON (m.id) m.id,
           CASE WHEN l.section = 'pending' THEN to_char(coalesce(l.accepted, l.received + {DAYS_TO_CLAIM}), 'YYYY-MM')
                ELSE l.period END
      FROM account_move m
      JOIN l10n_latam_document_type t ON t.id = m.l10n_latam_document_type_id
      JOIN res_partner p ON p.id = m.commercial_partner_id
      JOIN of_sii_rcv_line l
        ON l.direction = CASE WHEN starts_with(m.move_type, 'out') THEN 'sale' ELSE 'purchase' END
       AND l.type = t.code AND l.rut = {RUT} AND l.folio = {FOLIO}
     WHERE m.id = ANY(%(moves)s) AND l.rcv_id = ANY(%(registers)s)
       AND (l.section <> 'pending' OR coalesce(l.accepted, l.received) IS NOT NULL)
     ORDER BY m.id, l.section = 'pending', l.period DESC
"""  # noqa: S608 (constants)
# Months after a document in which the SII may have it: acuse, and paper invoices up to two periods later.
_LOOK_AHEAD = 3


class AccountMove(models.Model):
    _inherit = "account.move"

    of_sii_period = fields.Char(
        string="SII month",
        compute="_compute_of_sii_period",
        inverse="_inverse_of_sii_period",
        store=True,
        size=7,
        copy=False,
        help="Month in whose F29 the document is declared, YYYY-MM. A purchase belongs to the month of its "
        "acknowledgement (acuse): explicit, or the eighth calendar day after its reception.",
    )
    of_sii_period_given = fields.Char(
        string="SII month as given", copy=False, help="By the SII's register or a person; empty: by the dates."
    )

    def _auto_init(self):
        # by SQL: the documents of years are not to be read one by one
        if not column_exists(self.env.cr, "account_move", "of_sii_period"):
            create_column(self.env.cr, "account_move", "of_sii_period", "varchar")
            self.env.cr.execute(FILL)
        return super()._auto_init()

    def init(self):
        # the checks of a month's documents find theirs in the index and leave the others alone
        self.env.cr.execute(
            """
            DROP INDEX IF EXISTS account_move_of_sii_period;
            CREATE INDEX IF NOT EXISTS account_move_of_sii_posted ON account_move
                (company_id, of_sii_period, move_type, l10n_latam_document_type_id, invoice_date)
             WHERE state = 'posted';
            CREATE INDEX IF NOT EXISTS account_move_of_sii_draft ON account_move (company_id, of_sii_period)
             WHERE state = 'draft'
            """
        )
        return super().init()

    @api.depends("move_type", "date", "invoice_date", "of_sii_period_given")
    def _compute_of_sii_period(self):
        for move in self:
            day = (move.is_sale_document(include_receipts=True) and move.invoice_date) or move.date
            move.of_sii_period = move.of_sii_period_given or (f"{day:%Y-%m}" if day else False)

    def _inverse_of_sii_period(self):
        for move in self:
            move._of_sii_give_period(move.of_sii_period)

    @api.constrains("of_sii_period_given")
    def _check_of_sii_period_given(self):
        for move in self.filtered("of_sii_period_given"):
            try:
                periods.first_day(move.of_sii_period_given)
            except ValueError as error:
                raise ValidationError(str(error)) from error

    def _of_sii_give_period(self, period):
        """Declare the document in another month. Raises UserError where its month or that one is closed."""
        self.ensure_one()
        sealed = self._of_sii_sealed_in()
        if sealed and sealed != period:
            raise UserError(f"«{self.name}» ya se declaró en {sealed}: lo declarado no cambia, rectifique ese F29.")
        if period and self._of_sii_closed(period):
            raise UserError(f"El F29 de {period} está aprobado o declarado: no recibe más documentos.")
        self.of_sii_period_given = period

    def _of_sii_sealed_in(self):
        """The month of the filed form that holds the document, if any."""
        kept = self.env["of.sii.f29.document"].sudo()
        return kept.search(
            [("move_id", "=", self.id), ("in_force", "=", True), ("reason", "=", "month")], limit=1
        ).period

    def _of_sii_closed(self, period):
        """Whether the form of a month takes no more documents."""
        company = self.company_id._of_sii_declarant()
        newest = (
            self.env["of.sii.f29"]
            .sudo()
            .search([("company_id", "=", company.id), ("period", "=", period)], order="version desc", limit=1)
        )
        return bool(newest) and newest.status not in OPEN

    def _of_sii_acuse_periods(self):
        """account.move id -> month that the loaded registers of the SII give to it, where they have it."""
        documents = self.filtered(lambda move: move.l10n_latam_document_type_id and move.commercial_partner_id.vat)
        if not documents:
            return {}
        days = [move.invoice_date or move.date for move in documents]
        last = periods.shift(f"{max(days):%Y-%m}", _LOOK_AHEAD)
        registers = (
            self.env["of.sii.rcv"]
            .sudo()
            .search(
                [
                    ("company_id", "in", [company._of_sii_declarant().id for company in documents.company_id]),
                    ("section", "in", ("sales", "purchases", "pending", "honorarios")),
                    ("period", ">=", f"{min(days):%Y-%m}"),
                    ("period", "<=", last),
                ]
            )
        )
        if not registers:
            return {}
        self.env["account.move"].flush_model()
        self.env["res.partner"].flush_model(["vat"])
        self.env.cr.execute(ACUSE, {"moves": documents.ids, "registers": registers.ids})
        return dict(self.env.cr.fetchall())

    def _post(self, soft=True):
        """A purchase goes to the month of its acuse where the SII's register has it and that month is open."""
        posted = super()._post(soft)
        purchases = posted.filtered(
            lambda move: move.is_purchase_document(include_receipts=True) and not move.of_sii_period_given
        )
        for move_id, period in purchases._of_sii_acuse_periods().items():
            move = self.browse(move_id)
            if period != move.of_sii_period and not move._of_sii_closed(period):
                move.sudo().of_sii_period_given = period
        return posted
