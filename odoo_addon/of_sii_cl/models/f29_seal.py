import json

from markupsafe import Markup
from odoo import _, api, fields, models

from ..core import period as periods
from ..core import workflow
from .f29 import OPEN
from .f29_ledger import ITEMS
from .f29_rules import FEES, IGNORED

# Of an account_move m: md5 of what a form sees of it. One text a kind of item, so that a line that is split or written
# anew with the same amounts is no change.
FINGERPRINT = """
    LATERAL (
        SELECT md5(concat_ws('|', m.move_type, m.l10n_latam_document_type_id, m.commercial_partner_id, m.name,
                             CASE WHEN starts_with(m.move_type, 'out') THEN m.invoice_date ELSE m.date END,
                             string_agg(item.figure, ',' ORDER BY item.figure))) AS fingerprint
          FROM (SELECT concat_ws(' ', coalesce(l.tax_line_id, 0), coalesce(rel.account_tax_id, 0),
                                 sum(round(l.balance, 2))) AS figure
                  FROM account_move_line l
                  LEFT JOIN account_move_line_account_tax_rel rel
                         ON rel.account_move_line_id = l.id AND l.tax_line_id IS NULL
                 WHERE l.move_id = m.id AND l.display_type IN ('product', 'tax')
                 GROUP BY l.tax_line_id, rel.account_tax_id) item
    )
"""

KEEP_DOCUMENTS = f"""
    INSERT INTO of_sii_f29_document (
        create_uid, create_date, write_uid, write_date, f29_id, company_id, period, reason, in_force, move_id,
        fingerprint, direction, type, folio, number, rut, name, date, refund, net, exempt, iva, total)
    SELECT %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC', %(form)s, %(of_company)s, %(period)s,
           given.reason, FALSE, m.id, print.fingerprint, given.direction, given.type, given.folio, m.name, given.rut,
           given.name, nullif(given.date, '')::date, given.refund, given.net, given.exempt, given.iva,
           given.total
      FROM json_to_recordset(%(rows)s) AS given(
               move_id int, reason text, direction text, type text, folio text, rut text, name text, date text,
               refund bool, net numeric, exempt numeric, iva numeric, total numeric)
      JOIN account_move m ON m.id = given.move_id
      CROSS JOIN {FINGERPRINT} print
"""  # noqa: S608 (a constant)

# What each document of the month gives to each código.
GIVEN_AMOUNTS = (
    ITEMS  # noqa: S608 (two constants)
    + """
    , kept AS (
        SELECT i.move_id, r.code, CASE WHEN bool_or(r.counts) THEN 1 ELSE sum(i.balance * r.weight) END AS amount
          FROM item i
          JOIN rule r ON r.key = i.key
         WHERE r.code > 0 AND (i.counts OR NOT r.counts)
         GROUP BY i.move_id, r.code
    )
    """
)
KEEP_AMOUNTS = (
    GIVEN_AMOUNTS  # noqa: S608 (two constants)
    + """
    INSERT INTO of_sii_f29_document_code (f29_id, company_id, document_id, code, amount)
    SELECT %(form)s, %(of_company)s, d.id, kept.code, kept.amount
      FROM kept
      JOIN of_sii_f29_document d ON d.move_id = kept.move_id AND d.f29_id = %(form)s AND d.reason = 'month'
     WHERE kept.amount <> 0
    """
)


class OfSiiF29(models.Model):
    _inherit = "of.sii.f29"

    document_ids = fields.One2many("of.sii.f29.document", "f29_id", string="Documents", readonly=True, copy=False)
    in_force = fields.Boolean(readonly=True, copy=False, help="Filed, and replaced by no filed rectification")
    replaces_id = fields.Many2one("of.sii.f29", string="Rectifies", readonly=True, copy=False)
    replaced_by_id = fields.Many2one("of.sii.f29", string="Rectified by", readonly=True, copy=False)
    payable = fields.Monetary(string="To pay (91)", compute="_compute_payable", store=True)
    previous_total = fields.Monetary(
        string="Total of the rectified form (91)", related="replaces_id.filed_total", readonly=True
    )

    @api.depends("in_force", "filed_total", "total_to_pay", "replaced_by_id", "replaces_id")
    def _compute_payable(self):
        """What the form adds to a sum of forms: nothing while another version of its month counts."""
        for form in self:
            if form.in_force:
                form.payable = form.filed_total
            else:
                form.payable = 0 if form.replaced_by_id or form.replaces_id else form.total_to_pay

    def _keep_documents(self):
        """Keep the documents and their amounts by código as they are now, instead of those kept before.

        To be called right after a computation: the rows are the figures of the form.
        """
        self.ensure_one()
        self._forget_documents()
        rules = self._resolved().rules
        fees = [rule for rule in rules if rule.code == FEES]
        by_payment = self.company_id.of_sii_bhe_basis == "payment_date"
        if by_payment:
            rules = [rule._replace(code=IGNORED) if rule.code == FEES else rule for rule in rules]
        rows = [{**row, "reason": "month"} for row in self._ledger_documents()]
        self._insert_documents(rows + self._known_elsewhere())
        self._by_hash(KEEP_AMOUNTS, self._ledger_params(rules) | self._seal_params())
        if by_payment and fees:
            self._keep_paid_fees(fees)
        self._keep_other_amounts()

    def _forget_documents(self):
        self.env.flush_all()
        self.env.cr.execute("DELETE FROM of_sii_f29_document_code WHERE f29_id IN %s", [tuple(self.ids)])
        self.env.cr.execute("DELETE FROM of_sii_f29_document WHERE f29_id IN %s", [tuple(self.ids)])
        self.env.invalidate_all()

    def _seal_params(self):
        return {"uid": self.env.uid, "form": self.id, "of_company": self.company_id.id, "period": self.period}

    def _insert_documents(self, rows):
        self.env.cr.execute(KEEP_DOCUMENTS, self._seal_params() | {"rows": json.dumps(rows)})
        self.env.invalidate_all()

    def _known_elsewhere(self):
        """Purchases dated in the month that already belong to a later one: those are no news afterwards."""
        first, until = periods.month_bounds(self.period)
        moves = self.env["account.move"].search(
            [
                ("company_id", "in", self._companies().ids),
                ("state", "=", "posted"),
                ("move_type", "in", ("in_invoice", "in_refund", "in_receipt")),
                ("invoice_date", ">=", first),
                ("invoice_date", "<", until),
                ("of_sii_period", ">", self.period),
            ]
        )
        return [{"move_id": move.id, "reason": "known", "direction": "purchase", "refund": False} for move in moves]

    def _keep_paid_fees(self, rules):
        """Receipts that became paid in the month, of whatever month they are, with the withholding declared."""
        paid = [(self.env["account.move"].browse(move_id), amount) for move_id, amount in self._paid_fees(rules)]
        rows = [
            {
                "move_id": move.id,
                "reason": "payment",
                "direction": "purchase",
                "type": move.l10n_latam_document_type_id.code,
                "folio": (move.l10n_latam_document_number or move.name or "").lstrip("0"),
                "rut": move.commercial_partner_id.vat,
                "name": move.commercial_partner_id.name,
                "date": move.invoice_date.isoformat(),
                "refund": False,
                "total": abs(move.amount_total_signed),
            }
            for move, _amount in paid
        ]
        self._insert_documents(rows)
        amounts = {move.id: amount for move, amount in paid}
        documents = self.document_ids.filtered(lambda document: document.reason == "payment")
        self._keep_amounts({document: (FEES, amounts[document.move_id.id], False) for document in documents}.items())

    def _keep_other_amounts(self):
        """What makes the documents add up to the form: manual amounts, the credit carried, and what was cut off."""
        self.env["of.sii.f29.document.code"].flush_model()
        self.env.cr.execute(
            "SELECT code, sum(amount) FROM of_sii_f29_document_code WHERE f29_id = %s GROUP BY code", [self.id]
        )
        sums = dict(self.env.cr.fetchall())
        none = self.env["of.sii.f29.document"]
        self._keep_amounts((none, row) for row in self._other_amounts(sums))

    def _other_amounts(self, sums):
        """(código, whole pesos, label) of what is no document. ``sums``: código -> what the documents give."""
        sums, rows = dict(sums), []
        for manual in self.input_ids:
            rows.append((manual.code, int(manual.amount), manual.note or "Ingresado a mano"))
            sums[manual.code] = int(manual.amount) + sums.get(manual.code, 0)
        for line in self.line_ids.filtered(lambda line: line.source in ("ledger", "carry", "input")):
            rest = int(line.amount) - sums.get(line.code, 0)
            if abs(rest) >= 1:
                label = "El formulario no admite negativos"
                if line.source == "carry":
                    label = f"Remanente de {self.previous_id.period}"
                elif sums.get(line.code, 0) >= 0:
                    label = "Cambió desde el último cálculo: recalcule"
                rows.append((line.code, rest, label))
        return rows

    def _keep_amounts(self, rows):
        """``rows``: (document or none, (código, amount, label or False)) each."""
        self.env["of.sii.f29.document.code"].sudo().create(
            [
                {
                    "f29_id": self.id,
                    "company_id": self.company_id.id,
                    "document_id": document.id,
                    "code": code,
                    "amount": amount,
                    "label": label,
                }
                for document, (code, amount, label) in rows
            ]
        )

    def _seal(self):
        """The filed form is the month's: its documents count nowhere else, and its taxes are locked."""
        self.ensure_one()
        replaced = self.replaces_id
        if replaced:
            replaced.write({"in_force": False, "replaced_by_id": self.id})
            replaced._set_documents_in_force(False)
        self.in_force = True
        self._set_documents_in_force(True)
        self._lock_taxes()

    def _lift_seal(self):
        """Undo _seal: the form that was replaced is in force again. The lock date stays."""
        self.ensure_one()
        self.in_force = False
        self._set_documents_in_force(False)
        if self.replaces_id:
            self.replaces_id.write({"in_force": True, "replaced_by_id": False})
            self.replaces_id._set_documents_in_force(True)

    def _set_documents_in_force(self, in_force):
        self.env["of.sii.f29.document"].flush_model()
        self.env.cr.execute("UPDATE of_sii_f29_document SET in_force = %s WHERE f29_id = %s", [in_force, self.id])
        self.env["of.sii.f29.document"].invalidate_model()

    def _lock_taxes(self):
        """The company's tax lock date to the month's end, never back."""
        end = fields.Date.subtract(periods.month_bounds(self.period)[1], days=1)
        company = self.company_id
        before = company.tax_lock_date
        if company.of_sii_lock_taxes:
            earlier = self._companies().filtered(lambda one: not one.tax_lock_date or one.tax_lock_date < end)
            earlier.write({"tax_lock_date": end})
        sealed = self.document_ids.filtered(lambda document: document.reason == "month")
        said = workflow.sealed(self.folio, len(sealed), before or None, company.tax_lock_date or None)
        self._message_log(body=Markup("<p>%s</p>") % said)

    def _is_sealed(self):
        """Whether the form's figures and documents are kept, so that nothing of it is read from the entries."""
        return self.status not in OPEN

    @api.model
    def documents(self, company_id, period):
        company = self._company_to_declare(company_id)
        newest = self.sudo().search(
            [("company_id", "=", company.id), ("period", "=", period)], order="version desc", limit=1
        )
        if newest and newest._is_sealed():
            self._require_reader()
            return [document._as_row() for document in newest.document_ids if document.reason == "month"]
        return super().documents(company_id, period)


class OfSiiF29Line(models.Model):
    _inherit = "of.sii.f29.line"

    def action_open_items(self):
        """What the código adds up: of a closed form, the documents as they were."""
        self.ensure_one()
        if not self.f29_id._is_sealed():
            return super().action_open_items()
        return {
            "type": "ir.actions.act_window",
            "name": _("Código %s", self.code) + f": {self.glosa}",
            "res_model": "of.sii.f29.document.code",
            "view_mode": "list,kanban",
            "views": [(False, "list"), (False, "kanban")],
            "domain": [("f29_id", "=", self.f29_id.id), ("code", "=", self.code)],
            "context": {"create": False, "edit": False},
        }
