from collections import defaultdict
from typing import NamedTuple

from odoo import models

from ..core import period as periods
from .f29_rules import FEES, IGNORED

# One row a document, tax and kind of item. A sale belongs to the month of its invoice date, a purchase to that of its
# accounting date (it is declared in the month it is received). Direction: 1 sale, 0 purchase, -1 no document (its
# items count only as taxes outside documents). Cash rounding items may carry a tax too: they are no tax of the form.
ITEMS = """
    WITH document AS MATERIALIZED (
        SELECT m.id AS move_id,
               coalesce(m.l10n_latam_document_type_id, 0) AS document_type,
               CASE WHEN m.move_type LIKE 'out%%' THEN 1 WHEN m.move_type LIKE 'in%%' THEN 0 ELSE -1 END AS direction,
               m.amount_tax = 0 AS exempt
          FROM account_move m
         WHERE m.company_id = %(company)s
           AND m.state = 'posted'
           AND CASE WHEN m.move_type LIKE 'out%%' THEN m.invoice_date ELSE m.date END >= %(first)s
           AND CASE WHEN m.move_type LIKE 'out%%' THEN m.invoice_date ELSE m.date END < %(until)s
    ), item AS MATERIALIZED (
        SELECT d.move_id, d.document_type, d.direction, d.exempt,
               l.tax_line_id IS NOT NULL AS is_tax,
               coalesce(l.tax_line_id, rel.account_tax_id, 0) AS tax,
               sum(l.balance) AS balance
          FROM document d
          JOIN account_move_line l ON l.move_id = d.move_id
          LEFT JOIN account_move_line_account_tax_rel rel
                 ON rel.account_move_line_id = l.id AND l.tax_line_id IS NULL
         WHERE l.display_type IN ('product', 'tax')
           AND (d.direction >= 0 OR l.tax_line_id IS NOT NULL)
         GROUP BY 1, 2, 3, 4, 5, 6
    ), rule AS MATERIALIZED (
        SELECT * FROM unnest(%(tax)s::int[], %(document_type)s::int[], %(direction)s::int[], %(is_tax)s::bool[],
                             %(code)s::int[], %(counts)s::bool[], %(exempt_only)s::bool[], %(weight)s::numeric[],
                             %(shared)s::bool[])
            AS rule(tax, document_type, direction, is_tax, code, counts, exempt_only, weight, shared)
    )
"""

AMOUNTS = (
    ITEMS  # noqa: S608 (two constants)
    + """
    SELECT r.code,
           CASE WHEN r.code IS NULL THEN i.direction END AS direction,
           CASE WHEN r.code IS NULL THEN i.document_type END AS document_type,
           CASE WHEN r.code IS NULL AND (i.document_type <> 0 OR i.direction < 0) THEN i.tax END AS tax,
           CASE WHEN r.code IS NULL AND (i.document_type <> 0 OR i.direction < 0) THEN i.is_tax END AS is_tax,
           round(sum(i.balance * coalesce(r.weight, 1)))::bigint AS amount,
           count(DISTINCT i.move_id) FILTER (WHERE r.code IS NULL OR r.counts) AS documents,
           bool_or(r.shared) AS shared
      FROM item i
      LEFT JOIN rule r
             ON r.tax = i.tax AND r.document_type = i.document_type AND r.direction = i.direction
            AND r.is_tax = i.is_tax AND (NOT r.exempt_only OR i.exempt)
     GROUP BY 1, 2, 3, 4, 5
    """
)


class Unmapped(NamedTuple):
    """Posted items that no rule takes. ``tax``: account.tax id, 0 without tax, None when there is no document type."""

    direction: int
    document_type: int
    tax: int | None
    is_tax: bool | None
    amount: int
    documents: int


class Ledger(NamedTuple):
    """What the posted entries of a period give. ``codes``: código -> whole pesos or documents."""

    codes: dict
    unmapped: list
    common_use: bool


class OfSiiF29(models.Model):
    _inherit = "of.sii.f29"

    def _ledger(self, rules):
        """Every amount and count of the form from posted items, by one SQL statement.

        In the months of a company that declares fee withholdings by payment, 151 comes from the payments instead.
        """
        self.ensure_one()
        by_payment = self.company_id.of_sii_bhe_basis == "payment_date"
        fees = [rule for rule in rules if rule.code == FEES]
        if by_payment:
            rules = [rule._replace(code=IGNORED) if rule.code == FEES else rule for rule in rules]
        self.env["account.move"].flush_model()
        self.env["account.move.line"].flush_model()
        self.env.cr.execute(AMOUNTS, self._ledger_params(rules))
        amounts, unmapped, common_use = defaultdict(int), [], False
        kinds = {rule.code: rule.counts for rule in rules}
        for code, direction, document_type, tax, is_tax, amount, documents, shared in self.env.cr.fetchall():
            if code is None:
                unmapped.append(Unmapped(direction, document_type, tax, is_tax, amount, documents))
            elif code != IGNORED:
                amounts[code] = documents if kinds[code] else amount
                common_use |= bool(shared)
        if by_payment and fees:
            amounts[FEES] = self._fees_paid(fees)
        return Ledger(dict(amounts), unmapped, common_use)

    def _ledger_params(self, rules):
        first, until = periods.month_bounds(self.period)
        columns = zip(*rules, strict=True) if rules else [[]] * 9
        names = ("tax", "document_type", "direction", "is_tax", "code", "counts", "exempt_only", "weight", "shared")
        params = {name: list(column) for name, column in zip(names, columns, strict=True)}
        return {"company": self.company_id.id, "first": first, "until": until, **params}

    def _document_domain(self):
        """Posted items of the form's company, for the drill-down."""
        return [("company_id", "=", self.company_id.id), ("parent_state", "=", "posted")]
