import re

from odoo import api, models

from ..core.rut import normalize_rut
from .f29_ledger import ITEMS
from .f29_rules import VAT_SII_CODES

IVA_SII_CODE = 14

# One row a document, in the sense of its register: positive as a rule, a credit note turned by its own sign.
DOCUMENTS = (
    ITEMS  # noqa: S608 (two constants)
    + """
    , amount AS (
        SELECT l.move_id,
               sum(l.balance) FILTER (WHERE l.tax_line_id IS NULL) AS base,
               sum(l.balance) FILTER (WHERE l.tax_line_id IS NULL AND NOT EXISTS (
                   SELECT FROM account_move_line_account_tax_rel rel
                    WHERE rel.account_move_line_id = l.id AND rel.account_tax_id = ANY(%(vat)s))) AS exempt,
               sum(l.balance) FILTER (WHERE l.tax_line_id = ANY(%(iva)s)) AS iva,
               sum(l.balance) AS total
          FROM document d
          JOIN account_move_line l ON l.move_id = d.move_id
         WHERE d.is_document AND l.display_type IN ('product', 'tax')
         GROUP BY l.move_id
    ), feed AS (
        SELECT i.move_id, array_agg(DISTINCT r.code ORDER BY r.code) AS codes
          FROM item i
          JOIN rule r ON r.key = i.key
         WHERE r.code > 0 AND (i.counts OR NOT r.counts)
         GROUP BY i.move_id
    )
    SELECT m.id, m.move_type LIKE 'out%%', t.code, m.name, m.invoice_date, m.move_type LIKE '%%refund', p.vat, p.name,
           coalesce(a.base, 0)::bigint, coalesce(a.exempt, 0)::bigint, coalesce(a.iva, 0)::bigint,
           coalesce(a.total, 0)::bigint, coalesce(f.codes, '{}')
      FROM document d
      JOIN account_move m ON m.id = d.move_id
      LEFT JOIN l10n_latam_document_type t ON t.id = m.l10n_latam_document_type_id
      LEFT JOIN res_partner p ON p.id = m.commercial_partner_id
      LEFT JOIN amount a ON a.move_id = d.move_id
      LEFT JOIN feed f ON f.move_id = d.move_id
     WHERE d.is_document
     ORDER BY m.move_type LIKE 'out%%' DESC, t.code, m.name, m.id
    """
)


class OfSiiF29(models.Model):
    _inherit = "of.sii.f29"

    @api.model
    def documents(self, company_id, period):
        """Every posted document of a period, for the comparison with SII's register (RCV), by one SQL statement.

        List of ``{"move_id", "direction" (sale|purchase), "type", "folio" (no leading zeros), "rut", "name", "date",
        "refund", "net", "exempt", "iva", "total" (whole pesos, positive for credit notes too), "codes"}``. ``codes``
        are the códigos that the document feeds, as text. Raises UserError as compute_period does.
        """
        self._require_reader()
        company = self._company_to_declare(company_id)
        self._require_ended(period)
        return self.sudo().new({"company_id": company.id, "period": period})._ledger_documents()

    def _ledger_documents(self):
        """The documents of this form's month as the entries have them now; see ``documents``."""
        rules, taxes = self._resolved()
        self._flush_ledger()
        params = self._ledger_params(rules) | {
            # the net items of a group of taxes name the group
            "vat": [tax.id for tax in taxes.values() if any(_is_vat(one) for one in tax | tax.children_tax_ids)],
            "iva": [tax.id for tax in taxes.values() if tax.amount and tax.l10n_cl_sii_code == IVA_SII_CODE],
        }
        return [self._document_row(*row) for row in self._by_hash(DOCUMENTS, params)]

    @api.model
    def _document_row(
        self, move_id, is_sale, type_code, number, date, refund, vat, partner, base, exempt, iva, total, codes
    ):
        sign = (-1 if is_sale else 1) * (-1 if refund else 1)
        folio = re.search(r"[0-9]+$", number or "")
        return {
            "move_id": move_id,
            "direction": "sale" if is_sale else "purchase",
            "type": type_code or "",
            "folio": folio.group().lstrip("0") if folio else number or "",
            "rut": _rut_or_text(vat),
            "name": partner or "",
            "date": date.isoformat() if date else "",
            "refund": refund,
            "net": sign * (base - exempt),
            "exempt": sign * exempt,
            "iva": sign * iva,
            "total": sign * total,
            "codes": [str(code) for code in codes],
        }


def _is_vat(tax):
    return bool(tax.amount) and tax.l10n_cl_sii_code in VAT_SII_CODES


def _rut_or_text(vat):
    """Normal form of a counterpart's RUT; what is written there when it is none (a foreign supplier)."""
    try:
        return normalize_rut(vat)
    except ValueError:
        return vat or ""
