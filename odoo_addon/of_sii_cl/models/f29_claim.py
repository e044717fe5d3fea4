from odoo import fields, models


class AccountMove(models.Model):
    _inherit = "account.move"

    def _post(self, soft=True):
        self._of_sii_leave_locked_months()
        return super()._post(soft)

    def _of_sii_leave_locked_months(self):
        """Date purchases of a locked month into the open one as Odoo is about to, with their folio: 16.0 loses it."""
        purchases = self.filtered(
            lambda move: move.state == "draft" and move.is_purchase_document(include_receipts=True)
        )
        for move in purchases.filtered("l10n_latam_manual_document_number"):
            has_tax, folio = move._affect_tax_report(), move.l10n_latam_document_number
            if not move._get_violated_lock_dates(move.date, has_tax):
                continue
            move.date = move._get_accounting_date(move.invoice_date or move.date, has_tax)
            if move.l10n_latam_document_number != folio:
                move.l10n_latam_document_number = folio

    def _of_sii_move_to(self, date):
        """Move a posted purchase to another accounting date, with its payments and its number as they are.

        It may lie below the tax lock date, which Odoo guards: no declared figure changes, because the filed form does
        not hold the document.
        """
        self.ensure_one()
        locks = {company: company.tax_lock_date for company in self._of_sii_locking_companies()}
        for company in locks:
            company.tax_lock_date = fields.Date.subtract(self.date, days=1)
        self.with_context(skip_readonly_check=True).write({"date": date, "of_sii_period_given": False})
        self.env.flush_all()
        for company, lock in locks.items():
            company.tax_lock_date = lock

    def _of_sii_locking_companies(self):
        """The entry's company and those above it (a branch obeys them) that lock the taxes of its date."""
        company, locking = self.company_id, self.env["res.company"]
        while company:
            if company.tax_lock_date and self.date <= company.tax_lock_date:
                locking |= company
            company = company.parent_id
        return locking
