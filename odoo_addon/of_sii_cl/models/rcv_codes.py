from odoo import models

from ..core import rcv_codes

TOTALS = """
    SELECT section, type, coalesce(nature, ''), sum(documents)::bigint,
           coalesce(sum(documents) FILTER (WHERE vat > fixed_vat OR common_vat > 0), 0)::bigint,
           count(*) FILTER (WHERE fixed_vat > 0),
           count(*) FILTER (WHERE lost_vat > 0),
           count(*) FILTER (WHERE vat > 0 OR common_vat > 0),
           count(*) FILTER (WHERE vat = 0 AND common_vat = 0 AND lost_vat = 0 AND (exempt <> 0 OR net <> 0)),
           coalesce(sum(documents) FILTER (WHERE vat = 0 AND common_vat = 0 AND lost_vat = 0 AND exempt = 0
                                             AND net = 0), 0)::bigint,
           sum(exempt)::bigint, sum(net)::bigint, sum(vat)::bigint, sum(fixed_vat)::bigint, sum(common_vat)::bigint,
           sum(lost_vat)::bigint,
           -- a document with both kinds of IVA has that part of its net without credit
           sum(CASE WHEN lost_vat = 0 THEN 0
                    WHEN vat + common_vat = 0 THEN net
                    ELSE round(net * lost_vat / (vat + common_vat + lost_vat)) END)::bigint,
           sum(withheld)::bigint
      FROM of_sii_rcv_line
     WHERE rcv_id = ANY(%(registers)s) AND NOT cancelled
       AND (section <> 'summary' OR type = ANY(%(summarised)s))
     GROUP BY section, type, nature
"""
OTHERS = """
    SELECT section, type, other->>'code', sum((other->>'amount')::numeric)::bigint
      FROM of_sii_rcv_line, jsonb_array_elements(other_taxes) AS other
     WHERE rcv_id = ANY(%(registers)s) AND section = 'sales' AND other_taxes IS NOT NULL
     GROUP BY 1, 2, 3
"""


class OfSiiRcv(models.Model):
    _inherit = "of.sii.rcv"

    def _casillas(self):
        """Código -> whole pesos or documents that these registers, of one company and month, give to the form.

        Only boletas and vouchers are taken from the summary: its other types are in the detail.
        """
        if not self:
            return {}
        params = {"registers": self.ids, "summarised": sorted(rcv_codes.SUMMARISED)}
        self.env.cr.execute(TOTALS, params)
        totals = [rcv_codes.Total(*row) for row in self.env.cr.fetchall()]
        self.env.cr.execute(OTHERS, params)
        others = [rcv_codes.OtherTotal(*row) for row in self.env.cr.fetchall()]
        return rcv_codes.casillas(totals, others, self._form()._exact_common_use_factor())

    def _form(self):
        """The newest form of the registers' month, or one that is not kept where there is none (sudo)."""
        company, period = self.company_id, self[:1].period
        forms = self.env["of.sii.f29"].sudo()
        newest = forms.search([("company_id", "=", company.id), ("period", "=", period)], order="version desc", limit=1)
        return newest or forms.new({"company_id": company.id, "period": period})
