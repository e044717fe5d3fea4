from collections import defaultdict

from odoo import models

from ..core import formulas, messages
from ..core import period as periods
from .f29_rules import PURCHASE, SALE, UNTAXED, VAT_SII_CODES

EXPORT_TYPES = ("101", "104", "106", "110", "111", "112")


class OfSiiF29(models.Model):
    _inherit = "of.sii.f29"

    def _warnings(self, ledger, resolved, form, carry_warnings):
        """What the form cannot know, with figures and what to do (list of messages.Warning)."""
        found = [*self._unmapped_warnings(ledger.unmapped, resolved), *carry_warnings]
        if any(row.direction and not row.document_type for row in ledger.unmapped):
            found += self._untyped_warnings(resolved.taxes)
        found += [messages.lost_feed(code, amount) for code, amount in sorted(ledger.lost.items()) if amount]
        found += self._document_warnings(resolved)
        drafts = self._draft_documents()
        if drafts:
            found.append(messages.draft_documents(drafts))
        base = form.values.get(563, 0)
        if base and not self.ppm_rate:
            found.append(messages.missing_ppm_rate(base))
        if ledger.common_use and not self.common_use_factor:
            found.append(messages.missing_common_use_factor())
        entered = {manual.code: int(manual.amount) for manual in self.input_ids}
        found += [
            messages.negative_amount(code, amount, entered.get(code, 0))
            for code, amount in sorted(form.clamped.items())
        ]
        if form.values.get(755) or form.values.get(756):
            found.append(messages.postponed_iva(form.values.get(755, 0)))
        year = periods.first_day(periods.shift(self.period, 1)).year
        if not self.env["of.sii.holiday"]._dates_of_year(year):
            found.append(messages.missing_holidays(year))
        broken = formulas.broken_identities(self._casillas(), self._exact_ppm_rate())
        return found + [messages.broken_identity(code, *figures) for code, figures in broken.items()]

    def _draft_documents(self):
        return (
            self.env["account.move"]
            .sudo()
            .search_count(
                [
                    ("company_id", "in", self._companies().ids),
                    ("state", "=", "draft"),
                    ("move_type", "!=", "entry"),
                    ("of_sii_period", "=", self.period),
                ]
            )
        )

    def _unmapped_warnings(self, unmapped, resolved):
        types = self.env["l10n_latam.document.type"].sudo().browse({row.document_type for row in unmapped} - {0})
        type_codes = {document_type.id: document_type.code for document_type in types}
        known_taxes = {rule.tax for rule in resolved.rules}
        totals = defaultdict(lambda: [0, 0])
        for row in self._by_tax(unmapped):
            tax = resolved.taxes.get(row.tax)
            is_vat = bool(tax) and tax.l10n_cl_sii_code in VAT_SII_CODES
            name = tax.with_context(lang=self._spanish()).name if tax else "sin impuesto"
            document_type = type_codes.get(row.document_type, "")
            if row.direction not in (SALE, PURCHASE):
                key = (messages.vat_outside_documents, name) if is_vat else None
            elif not row.document_type:
                key = None  # told document by document, see _untyped_warnings
            elif is_vat and row.direction == SALE and document_type in EXPORT_TYPES:
                key = (messages.export_with_iva, document_type)
            elif row.tax == UNTAXED or (is_vat and row.tax in known_taxes):
                key = (messages.unmapped_document, document_type, name)
            elif is_vat:
                key = (messages.unmapped_tax, name)
            else:
                key = (messages.manual_tax, name) if row.is_tax else None
            if key:
                totals[key][0] += abs(row.amount)
                totals[key][1] += row.documents
        # a line of nothing misses nothing
        return [warn(*about, amount, count) for (warn, *about), (amount, count) in totals.items() if amount]

    def _by_tax(self, unmapped):
        """One row a tax and document type: the tax items' when there are some, else the net items'."""
        rows = {}
        for row in sorted(unmapped, key=lambda row: (row.direction, row.document_type, row.tax, row.is_tax)):
            rows[row.direction, row.document_type, row.tax] = row
        return list(rows.values())

    def _spanish(self):
        """Code of an installed Spanish, for the names of taxes; the user's own language when there is none."""
        installed = dict(self.env["res.lang"].get_installed())
        return next((code for code in ("es_CL", "es_419", "es_ES", "es_MX") if code in installed), self.env.lang)
