from odoo import api, fields, models
from odoo.fields import Datetime

from ..core import period as periods
from ..core import utm
from .f29 import OPEN


class OfSiiF29(models.Model):
    _inherit = "of.sii.f29"

    utm_notice = fields.Text(compute="_compute_utm_notice")

    def _compute_utm_notice(self):
        """Which UTM is missing for the credit that this form leaves. By the day, so it is not stored."""
        for form in self:
            months = form._missing_utm() if form.period else []
            left = form.sudo()._remanentes().get(77, 0) if months else 0
            form.utm_notice = utm.to_load(months, left) if months else False

    @api.model
    def missing_utm(self, company_ids, period):
        """Months without a UTM that these companies need to carry over the credit into the form of a month or the next.

        ``{"2026-12": [company ids]}``, oldest first, empty when nothing is missing; a month counts from the day on
        which its UTM is published for certain (period.utm_is_published). Reads only. Raises UserError for no period.
        """
        self._require_reader()
        self._require_period(period)
        found = {}
        for company in self.env["res.company"].sudo().browse(company_ids).exists():
            for month in (periods.shift(period, -1), period):
                for missing in self.sudo()._form_that_counts(company, month)._missing_utm():
                    ids = found.setdefault(missing, [])
                    if company.id not in ids:
                        ids.append(company.id)
        return dict(sorted(found.items()))

    def _missing_utm(self):
        """Months of which the next form needs the UTM that nobody loaded (list of YYYY-MM): that in which this form is
        declared, and the one after it."""
        form = self.sudo()
        if not form or not form._remanentes().get(77):
            return []
        following = form._next()
        if following and (following.status not in OPEN or 504 in following.input_ids.mapped("code")):
            return []  # it needs none any more
        today = periods.today_in_santiago(Datetime.now())
        months = [periods.shift(form.period, age) for age in (1, 2)]
        known = self.env["of.sii.utm"]._values(months)
        return [month for month in months if month not in known and periods.utm_is_published(month, today)]

    def _next(self):
        """The newest version of the form of the month after."""
        return self.search(
            [("company_id", "=", self.company_id.id), ("period", "=", periods.shift(self.period, 1))],
            order="version desc",
            limit=1,
        )
