from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..core import period as periods
from ..core.closing import TOTAL_TO_PAY

# What is to be paid on the due date (a month counts once: payable is 0 for a form that another version replaces), and
# what was paid: by the payments reconciled with the closing entry, or, without one, on the day a person marked (of a
# rectification, what it adds to what was paid before). An entry that settles against the one it corrects is no payment.
FLOW = f"""
    WITH owed AS (
        SELECT l.id, m.of_sii_f29_id AS f29_id
          FROM account_move m
          JOIN account_move_line l ON l.move_id = m.id AND l.of_sii_f29_code = {TOTAL_TO_PAY}
         WHERE m.of_sii_f29_id IS NOT NULL AND m.state = 'posted'
    ), payment AS (
        SELECT owed.f29_id, other.date, other.move_id, sum(p.amount) AS amount
          FROM owed
          JOIN account_partial_reconcile p ON p.credit_move_id = owed.id
          JOIN account_move_line other ON other.id = p.debit_move_id
         WHERE other.id NOT IN (SELECT id FROM owed)
         GROUP BY owed.f29_id, other.date, other.move_id
         UNION ALL
        SELECT owed.f29_id, other.date, other.move_id, -sum(p.amount)
          FROM owed
          JOIN account_partial_reconcile p ON p.debit_move_id = owed.id
          JOIN account_move_line other ON other.id = p.credit_move_id
         WHERE other.id NOT IN (SELECT id FROM owed)
         GROUP BY owed.f29_id, other.date, other.move_id
    ), by_hand AS (
        SELECT f.id, f.company_id, f.period, f.version, f.paid_on, f.filed_total
          FROM of_sii_f29 f
         WHERE f.status = 'paid' AND f.paid_by_payment IS NOT TRUE AND f.id NOT IN (SELECT f29_id FROM payment)
    ), flow AS (
        SELECT f.id AS f29_id, f.due_date AS date, f.payable AS planned, 0 AS actual,
               (SELECT max(m.id) FROM account_move m WHERE m.of_sii_f29_id = f.id AND m.state <> 'cancel') AS move_id
          FROM of_sii_f29 f
         WHERE f.status <> 'draft'
         UNION ALL
        SELECT f29_id, date, 0, amount, move_id FROM payment
         UNION ALL
        SELECT f.id, f.paid_on, 0,
               f.filed_total - coalesce(
                   (SELECT earlier.filed_total
                      FROM by_hand earlier
                     WHERE earlier.company_id = f.company_id AND earlier.period = f.period
                       AND earlier.version < f.version
                     ORDER BY earlier.version DESC LIMIT 1),
                   (SELECT sum(payment.amount)
                      FROM payment JOIN of_sii_f29 earlier ON earlier.id = payment.f29_id
                     WHERE earlier.company_id = f.company_id AND earlier.period = f.period
                       AND earlier.version < f.version),
                   0),
               NULL
          FROM by_hand f
    )
    SELECT row_number() OVER (ORDER BY flow.date, f.id, flow.move_id, flow.actual)::int AS id,
           flow.date, flow.planned, flow.actual, flow.planned + flow.actual AS amount,
           CASE WHEN flow.planned <> 0 THEN 'planned' ELSE 'actual' END AS kind,
           flow.move_id, f.id AS f29_id, f.company_id, f.period, f.rut,
           f.company_name, company.currency_id
      FROM flow
      JOIN of_sii_f29 f ON f.id = flow.f29_id
      JOIN res_company company ON company.id = f.company_id
     WHERE flow.planned <> 0 OR flow.actual <> 0
"""  # noqa: S608 (a constant)


class OfSiiF29CashFlow(models.Model):
    """What each month's form takes from the bank: planned on its due date, actual on the day of each payment."""

    _name = "of.sii.f29.cash.flow"
    _description = "Cash flow of the F29"
    _auto = False
    _table_query = FLOW
    _depends = {
        "of.sii.f29": [
            "company_id",
            "due_date",
            "filed_total",
            "paid_by_payment",
            "paid_on",
            "payable",
            "period",
            "status",
        ],
        "account.move": ["of_sii_f29_id", "state"],
        "account.move.line": ["date", "move_id", "of_sii_f29_code"],
        "account.partial.reconcile": ["amount", "credit_move_id", "debit_move_id"],
    }
    _order = "date desc, id desc"
    _rec_name = "period"

    f29_id = fields.Many2one("of.sii.f29", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    company_name = fields.Char(readonly=True)
    rut = fields.Char(string="RUT", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    period = fields.Char(readonly=True)
    date = fields.Date(readonly=True)
    planned = fields.Monetary(readonly=True, help="To pay (91), on the due date.")
    actual = fields.Monetary(readonly=True, help="Paid, on the day of the payment; given back is negative.")
    kind = fields.Selection([("planned", "Planned"), ("actual", "Actual")], readonly=True)
    amount = fields.Monetary(readonly=True, help="What is planned or was paid, for one graph of both.")
    move_id = fields.Many2one("account.move", string="Entry", readonly=True)

    def action_open_form(self):
        """Open the form that is to be paid or was paid."""
        self.ensure_one()
        return self.f29_id._show()


class OfSiiF29(models.Model):
    _inherit = "of.sii.f29"

    @api.model
    def cash_flow(self, company_ids, first, last):
        """What the F29 of these companies takes from the bank, planned and actual, by day. Reads only.

        ``first`` and ``last``, both included: days of the money (YYYY-MM-DD), or months of the forms (YYYY-MM). List,
        by date, of ``{"date" (YYYY-MM-DD), "planned", "actual" (whole pesos), "company", "rut", "period", "move_id"}``:
        one row a form with its 91 on the due date (``move_id``: its closing entry), and one a payment (``move_id``: the
        entry that paid; False when a person only marked the form as paid). A rectified month is planned once, as in
        force. Raises UserError for what is no such range, AccessError without accounting or for another company.
        """
        if not self._may("prepare") and not self.env.user.has_group("account.group_account_readonly"):
            raise AccessError("Solo quien puede ver la contabilidad puede ver el flujo de impuestos.")
        declarants = {self._company_to_declare(company_id).id for company_id in company_ids}
        field, bounds = self._flow_range(first, last)
        flow = self.env["of.sii.f29.cash.flow"].sudo()
        flow.invalidate_model()  # a row's id is its place among the others
        rows = flow.search(
            [("company_id", "in", list(declarants)), (field, ">=", bounds[0]), (field, "<=", bounds[1])],
            order="date, id",
        )
        return [
            {
                "date": row.date.isoformat(),
                "planned": int(row.planned),
                "actual": int(row.actual),
                "company": row.company_name,
                "rut": row.rut,
                "period": row.period,
                "move_id": row.move_id.id,
            }
            for row in rows
        ]

    @api.model
    def _flow_range(self, first, last):
        """(field to look at, its bounds). Raises UserError unless both are days or both are months, in order."""
        for field, read in (("period", periods.first_day), ("date", fields.Date.to_date)):
            try:
                bounds = [read(first), read(last)]
            except ValueError:
                continue
            if all(bounds) and bounds[0] <= bounds[1]:
                return field, (first, last) if field == "period" else bounds
        raise UserError(
            f"El rango «{first}» a «{last}» no es válido: use dos días como 2026-08-20, o dos meses como 2026-07, en "
            "orden."
        )
