from collections import defaultdict
from decimal import Decimal

from odoo import models

from ..core import messages
from ..core import period as periods
from ..core.honorarios import rate_of
from .f29_rules import FEES, VAT_SII_CODES

FOREIGN = "4"  # l10n_cl's taxpayer type
# Códigos of IVA that a purchase gives as credit, by its own document (credit notes take it back).
CREDITS = frozenset({520, 525, 532, 535, 553, 762})
NAMED = """
    SELECT t.code, m.name, p.name, m.invoice_date
      FROM account_move m
      LEFT JOIN l10n_latam_document_type t ON t.id = m.l10n_latam_document_type_id
      LEFT JOIN res_partner p ON p.id = m.commercial_partner_id
"""
MONTH = "m.company_id = ANY(%(companies)s) AND m.state = 'posted' AND m.of_sii_period = %(period)s"

# Art. 70 D.L. 825: goods given back within three months of the sale (SII FAQ 1923).
LATE_CREDIT_NOTES = f"""
    {NAMED}
      JOIN account_move invoice ON invoice.id = m.reversed_entry_id
     WHERE {MONTH}
       AND m.move_type = 'out_refund' AND m.amount_tax <> 0 AND m.reversed_entry_id IS NOT NULL
       AND m.invoice_date > invoice.invoice_date + interval '3 months'
     ORDER BY m.name, m.id
"""
# Art. 24 D.L. 825: the credit of a document received late is used in its month or in one of the two that follow.
OLD_PURCHASES = f"""
    {NAMED}
     WHERE {MONTH}
       AND m.move_type IN ('in_invoice', 'in_receipt') AND m.invoice_date < %(oldest)s
       AND EXISTS (SELECT FROM account_move_line l WHERE l.move_id = m.id AND l.tax_line_id = ANY(%(taxes)s))
     ORDER BY m.name, m.id
"""
# Ley 21.133: each year has its rate. Where the amount is what the rate gives the items, which cost time, need no look.
# ``right_*``: the taxes that are a year's, one pair an element.
WRONG_FEES = f"""
    {NAMED}
      JOIN unnest(%(years)s::int[], %(rates)s::numeric[]) AS law(year, rate)
        ON law.year = extract(year FROM m.invoice_date)
     WHERE {MONTH}
       AND m.move_type = 'in_invoice' AND m.l10n_latam_document_type_id = ANY(%(types)s)
       AND abs(m.amount_tax) <> round(m.amount_untaxed * law.rate / 100)
       AND EXISTS (
           SELECT FROM account_move_line l
            WHERE l.move_id = m.id AND l.tax_line_id = ANY(%(taxes)s)
              AND (l.tax_line_id, law.year) NOT IN (
                  SELECT * FROM unnest(%(right_tax)s::int[], %(right_year)s::int[])))
     ORDER BY m.name, m.id
"""  # noqa: S608 (constants)


class OfSiiF29(models.Model):
    _inherit = "of.sii.f29"

    def _document_warnings(self, resolved):
        """What the documents of the month say against the law, with the documents (list of messages.Warning)."""
        month = {"companies": self._companies().ids, "period": self.period}
        late = self._labels(LATE_CREDIT_NOTES, month)
        credit = {rule.tax for rule in resolved.rules if rule.is_tax and rule.code in CREDITS and rule.tax}
        oldest = periods.first_day(periods.shift(self.period, -2))
        old = self._labels(OLD_PURCHASES, month | {"oldest": oldest, "taxes": sorted(credit)})
        return [
            *([messages.late_credit_note(late)] if late else []),
            *([messages.old_purchase(old)] if old else []),
            *self._fee_rate_warnings(resolved, month),
            *self._fee_twice_warnings(resolved.rules),
        ]

    def _labels(self, statement, params):
        return [messages.document_label(*row) for row in self._rows(statement, params)]

    def _rows(self, statement, params):
        self.env.cr.execute(statement, params)
        return self.env.cr.fetchall()

    def _fee_rate_warnings(self, resolved, month):
        rules = [rule for rule in resolved.rules if rule.code == FEES and rule.is_tax]
        taxes = {rule.tax: -Decimal(str(resolved.taxes[rule.tax].amount)) for rule in rules}
        # a receipt may be entered years after its date, not before it
        rates = {past: rate_of(past) for past in range(2018, periods.first_day(self.period).year + 2)}
        right = [(tax, past) for tax, rate in taxes.items() for past in rates if rate == rates[past]]
        params = {
            "years": list(rates),
            "rates": list(rates.values()),
            "taxes": sorted(taxes),
            "types": sorted({rule.document_type for rule in rules}),
            "right_tax": [tax for tax, _year in right],
            "right_year": [past for _tax, past in right],
        }
        by_year = defaultdict(list)
        for row in self._rows(WRONG_FEES, month | params):
            by_year[row[-1].year].append(messages.document_label(*row))
        return [messages.fee_rate(labels, past, rate_of(past)) for past, labels in sorted(by_year.items())]

    def _fee_twice_warnings(self, rules):
        """Receipts that are declared by their payment now and were by their date in the form of an earlier month."""
        if self.company_id.of_sii_bhe_basis != "payment_date":
            return []
        earlier = self.search([("company_id", "=", self.company_id.id), ("period", "<", self.period)])
        by_date = {
            period
            for period in set(earlier.mapped("period"))
            if self._form_that_counts(self.company_id, period).bhe_basis == "invoice_date"
        }
        if not by_date:
            return []
        found = defaultdict(list)
        receipts = self.env["account.move"].sudo()
        for receipt, amount in self._paid_fees([rule for rule in rules if rule.code == FEES]):
            move = receipts.browse(receipt)
            if f"{move.date:%Y-%m}" in by_date:
                found[f"{move.date:%Y-%m}"].append((self._label_of(move), amount))
        return [
            messages.fee_twice([label for label, _amount in rows], period, sum(amount for _label, amount in rows))
            for period, rows in sorted(found.items())
        ]

    def _untyped_warnings(self, taxes):
        """Documents that have no type: foreign bills, which need none, apart from those that do."""
        untyped = self._untyped_documents()
        vat = {tax.id for tax in taxes.values() if tax.l10n_cl_sii_code in VAT_SII_CODES}
        foreign = untyped.filtered(
            lambda move: (
                move.move_type in ("in_invoice", "in_refund")
                and self._is_foreign(move.commercial_partner_id)
                and not vat & set(move.line_ids.tax_line_id.ids)
            )
        )
        return [
            warn([self._label_of(move) for move in moves], round(sum(abs(move.amount_total_signed) for move in moves)))
            for warn, moves in ((messages.missing_doc_type, untyped - foreign), (messages.foreign_documents, foreign))
            if moves
        ]

    def _untyped_documents(self):
        return (
            self.env["account.move"]
            .sudo()
            .search(
                [
                    ("company_id", "in", self._companies().ids),
                    ("state", "=", "posted"),
                    ("of_sii_period", "=", self.period),
                    ("move_type", "!=", "entry"),
                    ("l10n_latam_document_type_id", "=", False),
                ],
                order="move_type desc, name, id",
            )
        )

    def _is_foreign(self, partner):
        country = partner.country_id.code
        return country != "CL" if country else partner.l10n_cl_sii_taxpayer_type == FOREIGN

    def _label_of(self, move):
        document_type, partner = move.l10n_latam_document_type_id, move.commercial_partner_id
        return messages.document_label(document_type.code, move.name, partner.name, move.invoice_date)
