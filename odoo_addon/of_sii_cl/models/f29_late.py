from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Datetime

from ..core import late as texts
from ..core import period as periods
from . import f29_touched
from .f29 import FILED, OPEN
from .f29_document import DIRECTIONS
from .f29_seal import FINGERPRINT

KINDS = [("posted", "Posted"), ("changed", "Changed"), ("cancelled", "Cancelled"), ("reset", "Back to draft")]
# Filed months that a computation looks back at; an older form still shows its own on its page.
LOOK_BACK = 12

# What the seal of a filed form says against what the entries say now, so that it holds however they were changed. Only
# entries that were touched since (f29_touched), or are gone, can say something else: ``touched`` are those, or all.
# A purchase of the month that went into a later one since the filing is declared there. IVA and total as now, as kept
# when the entry is gone.
LATE = """
    WITH figure AS NOT MATERIALIZED (
        SELECT m.id AS move_id, starts_with(m.move_type, 'out') AS is_sale, t.code AS type,
               ltrim(substring(m.name FROM '[0-9]+$'), '0') AS folio, p.name AS partner, m.invoice_date AS date,
               (SELECT abs(coalesce(sum(l.balance), 0))
                  FROM account_move_line l JOIN account_tax x ON x.id = l.tax_line_id AND x.l10n_cl_sii_code = 14
                 WHERE l.move_id = m.id) AS iva,
               abs(m.amount_total_signed) AS total
          FROM account_move m
          LEFT JOIN l10n_latam_document_type t ON t.id = m.l10n_latam_document_type_id
          LEFT JOIN res_partner p ON p.id = m.commercial_partner_id
    )
    SELECT d.id * 2 AS id, d.f29_id, d.company_id, d.period, d.move_id, 'cancelled' AS kind, d.direction, d.type,
           d.folio, d.name AS partner, d.date, d.iva, d.total, d.iva AS sealed_iva, d.total AS sealed_total,
           NULL AS claimed_in
      FROM of_sii_f29_document d
     WHERE d.in_force AND d.reason = 'month' AND d.move_id IS NULL
     UNION ALL
    SELECT d.id * 2, d.f29_id, d.company_id, d.period, d.move_id,
           CASE m.state WHEN 'cancel' THEN 'cancelled' WHEN 'draft' THEN 'reset' ELSE 'changed' END,
           d.direction, coalesce(g.type, d.type), d.folio, d.name, d.date, g.iva, g.total, d.iva, d.total, NULL
      FROM (%(touched)s) touched
      JOIN of_sii_f29_document d ON d.move_id = touched.move_id
      JOIN account_move m ON m.id = touched.move_id
      JOIN figure g ON g.move_id = touched.move_id
      CROSS JOIN %(fingerprint)s print
     WHERE d.in_force AND d.reason = 'month'
       AND (m.state <> 'posted' OR print.fingerprint IS DISTINCT FROM d.fingerprint)
     UNION ALL
    SELECT m.id * 2 + 1, f.id, f.company_id, f.period, m.id, 'posted',
           CASE WHEN g.is_sale THEN 'sale' ELSE 'purchase' END, g.type, g.folio, g.partner, g.date, g.iva, g.total,
           0, 0, CASE WHEN NOT g.is_sale AND m.of_sii_period > f.period THEN m.of_sii_period END
      FROM of_sii_f29 f
      CROSS JOIN LATERAL (SELECT to_date(f.period, 'YYYY-MM') AS first,
                                 (to_date(f.period, 'YYYY-MM') + interval '1 month')::date AS until) month
      CROSS JOIN (%(touched)s) touched
      JOIN account_move m
        ON m.id = touched.move_id AND %(declares)s AND m.state = 'posted'
       AND (m.move_type IN ('out_invoice', 'out_refund', 'out_receipt') AND m.of_sii_period = f.period
            OR m.move_type IN ('in_invoice', 'in_refund', 'in_receipt')
            AND (m.of_sii_period = f.period
                 OR m.invoice_date >= month.first AND m.invoice_date < month.until AND m.of_sii_period > f.period))
      JOIN figure g ON g.move_id = m.id
     WHERE f.in_force
       AND NOT EXISTS (SELECT FROM of_sii_f29_document d WHERE d.move_id = m.id AND d.f29_id = f.id
                          AND d.reason <> 'payment')
       -- in another month's seal: declared there, and news for this form only when that is a later month
       AND NOT EXISTS (SELECT FROM of_sii_f29_document d WHERE d.move_id = m.id AND d.in_force
                          AND d.reason = 'month' AND d.period < f.period)
       -- of a later month that is filed without it: news of that month
       AND NOT (m.of_sii_period > f.period AND EXISTS (
                SELECT FROM of_sii_f29 h
                 WHERE h.company_id = f.company_id AND h.in_force AND h.period = m.of_sii_period
                   AND NOT EXISTS (SELECT FROM of_sii_f29_document d WHERE d.move_id = m.id AND d.f29_id = h.id)))
"""
TOUCHED, ALL = "SELECT move_id FROM of_sii_f29_touched", "SELECT id AS move_id FROM account_move"


class OfSiiF29Late(models.Model):
    """What happened to a filed month afterwards. No table: it is read from the seal and the entries each time."""

    _name = "of.sii.f29.late"
    _description = "After the filing of an F29"
    _auto = False
    _depends = {
        "of.sii.f29": ["in_force", "period", "company_id"],
        "of.sii.f29.document": ["in_force", "fingerprint", "move_id", "f29_id"],
        "account.move": [
            *("state", "date", "invoice_date", "name", "move_type", "company_id", "commercial_partner_id"),
            *("l10n_latam_document_type_id", "amount_total_signed", "of_sii_period"),
        ],
        "account.move.line": ["balance", "tax_line_id", "tax_ids", "display_type", "move_id"],
    }
    _order = "period desc, claimed_in desc, direction desc, type, folio, id"
    _rec_name = "folio"

    def init(self):
        if f29_touched.install(self.env.cr):
            for form in self.env["of.sii.f29"].search([("in_force", "=", True)]):
                self._look_at_all(form)
        return super().init()

    @property
    def _table_query(self):
        return self._late_query(TOUCHED)

    @api.model
    def _late_query(self, touched):
        companies = self.env["res.company"].sudo().with_context(active_test=False)
        pairs = [
            f"({branch.id}, {branch._of_sii_declarant().id})"
            for branch in companies.search([("parent_id", "!=", False)])
        ]
        declares = "m.company_id = f.company_id"
        if pairs:
            declares = f"({declares} OR (m.company_id, f.company_id) IN ({', '.join(pairs)}))"
        return LATE % {"touched": touched, "fingerprint": FINGERPRINT, "declares": declares}

    @api.model
    def _is_anything(self):
        """Whether an entry was touched or deleted at all: PostgreSQL plans the whole statement for milliseconds."""
        self.env["account.move"].flush_model()
        self.env["account.move.line"].flush_model()
        self.env["of.sii.f29.document"].flush_model()
        self.env.cr.execute(
            """
            SELECT EXISTS (SELECT FROM of_sii_f29_touched)
                OR EXISTS (SELECT FROM of_sii_f29_document WHERE in_force AND reason = 'month' AND move_id IS NULL)
            """
        )
        return self.env.cr.fetchone()[0]

    @api.model
    def _look_at_all(self, form):
        """Compare a form that was just filed with all entries: what happened while it was being filed is found too."""
        self.env.flush_all()
        self.env.cr.execute(
            f"""
            INSERT INTO of_sii_f29_touched
            SELECT move_id FROM ({self._late_query(ALL)}) late WHERE f29_id = %s AND move_id IS NOT NULL
                ON CONFLICT DO NOTHING
            """,  # noqa: S608 (the module's own statement)
            [form.id],
        )

    f29_id = fields.Many2one("of.sii.f29", string="Filed form", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    period = fields.Char(readonly=True)
    move_id = fields.Many2one("account.move", string="Entry", readonly=True)
    kind = fields.Selection(KINDS, string="What happened", readonly=True)
    direction = fields.Selection(DIRECTIONS, readonly=True)
    type = fields.Char(string="Document type", readonly=True)
    folio = fields.Char(readonly=True)
    partner = fields.Char(readonly=True)
    date = fields.Date(readonly=True)
    iva = fields.Float(string="IVA now", digits=(16, 0), readonly=True)
    total = fields.Float(string="Total now", digits=(16, 0), readonly=True)
    sealed_iva = fields.Float(string="IVA as filed", digits=(16, 0), readonly=True)
    sealed_total = fields.Float(string="Total as filed", digits=(16, 0), readonly=True)
    claimed_in = fields.Char(string="Declared in", readonly=True)
    claimable = fields.Boolean(compute="_compute_claimable")

    def _compute_claimable(self):
        for row in self:
            row.claimable = row.kind == "posted" and row.direction == "purchase" and not row.claimed_in

    def _as_data(self):
        """The rows as compute_period gives them."""
        return [
            {
                "kind": row.kind,
                "period": row.period,
                "direction": row.direction,
                "type": row.type or "",
                "folio": row.folio or "",
                "iva": int(row.iva),
                "claimed_in": row.claimed_in or None,
            }
            for row in self
        ]

    def action_claim_now(self):
        """Declare a purchase in the open month: its accounting date moves there."""
        self.ensure_one()
        form = self.f29_id
        form._require_preparer("declarar documentos en")
        if not self.claimable:
            raise UserError(
                "Solo una compra publicada después de declarar se lleva al mes abierto; lo demás se rectifica."
            )
        period = form._open_period()
        move = self.sudo().move_id
        move._of_sii_move_to(periods.last_day_until(period, periods.today_in_santiago(Datetime.now())))
        form.sudo()._message_log(body=texts.claimed(self.type or "", self.folio or "", period))
        return True

    def action_rectify(self):
        """Prepare the rectification of the filed form."""
        self.ensure_one()
        return self.f29_id.action_rectify()

    def action_open_entry(self):
        """Open the entry as it is now."""
        self.ensure_one()
        if not self.move_id:
            raise UserError("El asiento ya no existe: se eliminó después de declarar.")
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.move_id.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }


class OfSiiF29(models.Model):
    _inherit = "of.sii.f29"

    late_ids = fields.One2many("of.sii.f29.late", "f29_id", string="After the filing", readonly=True)
    pending_late_ids = fields.Many2many(
        "of.sii.f29.late", string="After the filing of earlier months", compute="_compute_pending_late"
    )
    has_late = fields.Boolean(compute="_compute_pending_late")

    def _compute_pending_late(self):
        for form in self:
            form.pending_late_ids = form._late()
            form.has_late = bool(form.pending_late_ids)

    def _late(self):
        """What happened after a filing and concerns this form: to itself when it is filed; before that, to the filed
        months up to its own, unless another month declares it."""
        self.ensure_one()
        late = self.env["of.sii.f29.late"]
        late.invalidate_model()  # what was read before is not what the entries say now
        if not late._is_anything():
            return late
        if self.status in FILED:
            return late.search([("f29_id", "=", self.id)])
        if not self.company_id or not self.period:
            return late
        domain = [
            ("company_id", "=", self.company_id.id),
            ("period", ">=", periods.shift(self.period, -LOOK_BACK)),
            ("period", "<=", self.period),
            ("claimed_in", "in", (False, self.period)),
        ]
        return late.search(domain)

    def _seal(self):
        result = super()._seal()
        self.env["of.sii.f29.late"]._look_at_all(self)
        return result

    def _open_period(self):
        """The month that takes what was forgotten: the first that is not filed.

        Raises UserError when that one is approved already.
        """
        filed = self.sudo().search(
            [("company_id", "=", self.company_id.id), ("in_force", "=", True)], order="period desc", limit=1
        )
        period = periods.shift(filed.period, 1)
        newest = self.sudo().search(
            [("company_id", "=", self.company_id.id), ("period", "=", period)], order="version desc", limit=1
        )
        if newest and newest.status not in OPEN:
            raise UserError(f"El F29 de {period} está aprobado: devuélvalo a «Calculado» para agregarle documentos.")
        return period

    def _warnings(self, *args):
        found = super()._warnings(*args)
        # a rectification declares its own month's documents as they are now
        standing = self._late().filtered(lambda row: not row.claimed_in and row.period < self.period)
        by_period = defaultdict(list)
        for row in standing._as_data():
            by_period[row["period"]].append(row)
        return found + [texts.late_documents(period, rows) for period, rows in sorted(by_period.items())]

    def _as_data(self):
        replaced = self.replaces_id
        return super()._as_data() | {
            "folio": self.folio or None,
            "filed_on": self.filed_on.isoformat() if self.filed_on else None,
            "filed_total": int(self.filed_total) if self.filed_on else None,
            "previous_total": int(replaced.filed_total) if replaced else None,
            "late": self._late()._as_data(),
        }
