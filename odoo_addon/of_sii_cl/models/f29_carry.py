from odoo import models

from ..core import messages
from ..core import period as periods
from ..core.remanente import carry


class OfSiiF29(models.Model):
    _inherit = "of.sii.f29"

    def _carry(self):
        """504 from the previous form: (whole pesos, values to keep on the form, warnings).

        Nothing is carried where a person entered 504.
        """
        previous_period = periods.shift(self.period, -1)
        previous = self.search(
            [("company_id", "=", self.company_id.id), ("period", "=", previous_period), ("status", "!=", "draft")],
            order="version desc",
            limit=1,
        )
        # The form of a month is declared in the next one: the previous in this period's month, this in the next.
        months = [self.period, periods.shift(self.period, 1)]
        known = self.env["of.sii.utm"]._values(months)
        kept = {
            "previous_id": previous.id,
            "utm_then": known.get(months[0], 0),
            "utm_now": known.get(months[1], 0),
        }
        remanente = int(previous.remanente)
        if self.input_ids.filtered(lambda manual: manual.code == 504):
            return 0, kept, []
        if not remanente:
            missing = not previous and self._has_documents(previous_period)
            return 0, kept, [messages.missing_previous_form(previous_period)] if missing else []
        unknown = [month for month in months if not known.get(month)]
        if unknown:
            return remanente, kept, [messages.missing_utm(unknown, remanente)]
        return carry(remanente, known[months[0]], known[months[1]]), kept, []

    def _has_documents(self, period):
        first, until = periods.month_bounds(period)
        domain = [
            ("company_id", "=", self.company_id.id),
            ("state", "=", "posted"),
            ("move_type", "!=", "entry"),
            ("date", ">=", first),
            ("date", "<", until),
        ]
        return bool(self.env["account.move"].search(domain, limit=1))
