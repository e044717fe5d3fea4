from odoo import fields, models

from ..core import period as periods
from .res_company import BHE_BASES

# The withheld part of each fee receipt that became paid in the month: its withholding times the paid share of its
# payable. Rounded on the running total, so that the months of a receipt paid in parts add up to its withholding.
# A refund or a reversal that settles a receipt is no payment.
PAID = """
    WITH rule AS (
        SELECT DISTINCT * FROM unnest(%(tax)s::int[], %(document_type)s::int[]) AS rule(tax, document_type)
    ), fee AS (
        SELECT m.id, -sum(l.balance) AS withheld
          FROM account_move m
          JOIN account_move_line l ON l.move_id = m.id
          JOIN rule ON rule.tax = l.tax_line_id AND rule.document_type = m.l10n_latam_document_type_id
         WHERE m.company_id = ANY(%(companies)s) AND m.state = 'posted' AND m.move_type = 'in_invoice'
         GROUP BY m.id
    ), paid AS (
        SELECT owed.move_id AS id,
               sum(p.amount) FILTER (WHERE p.max_date < %(until)s) AS until,
               coalesce(sum(p.amount) FILTER (WHERE p.max_date < %(first)s), 0) AS before
          FROM account_partial_reconcile p
          JOIN account_move_line owed ON owed.id = p.credit_move_id
          JOIN account_move_line payment ON payment.id = p.debit_move_id
          JOIN account_move payer ON payer.id = payment.move_id
         WHERE owed.move_id IN (SELECT id FROM fee)
           AND payer.move_type <> 'in_refund' AND payer.reversed_entry_id IS NULL
         GROUP BY owed.move_id
    ), owed AS (
        SELECT l.move_id AS id, -sum(l.balance) AS total
          FROM account_move_line l
         WHERE l.move_id IN (SELECT id FROM paid) AND l.display_type = 'payment_term'
         GROUP BY l.move_id
    )
    SELECT fee.id,
           (round(fee.withheld * paid.until / owed.total) - round(fee.withheld * paid.before / owed.total))::bigint
      FROM fee JOIN paid USING (id) JOIN owed USING (id)
     WHERE owed.total <> 0 AND paid.until > paid.before
"""


class OfSiiF29(models.Model):
    _inherit = "of.sii.f29"

    bhe_basis = fields.Selection(
        BHE_BASES,
        string="Fee withholding declared by",
        readonly=True,
        copy=False,
        help="The company's setting when the form was computed.",
    )

    def _fees_paid(self, rules):
        """Fee withholdings (whole pesos) of what was paid in the period (art. 74 N°2 and 78 LIR)."""
        return sum(amount for _receipt, amount in self._paid_fees(rules))

    def _paid_fees(self, rules):
        """(receipt's account.move id, withholding in whole pesos) of what was paid, in whole or part, in the period."""
        self.env["account.move.line"].flush_model()
        self.env["account.partial.reconcile"].flush_model()
        first, until = periods.month_bounds(self.period)
        self.env.cr.execute(
            PAID,
            {
                "tax": [rule.tax for rule in rules],
                "document_type": [rule.document_type for rule in rules],
                "companies": self._companies().ids,
                "first": first,
                "until": until,
            },
        )
        return self.env.cr.fetchall()
