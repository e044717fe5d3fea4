from odoo import models

from ..core import period as periods
from ..core.rcv_codes import EXPORTS, SUMMARISED
from .f29_ledger import OF_THE_MONTH
from .f29_rules import PURCHASE

PAPER_FEES, FEES_TYPE = "70", "71"
# Of a partner p: its RUT in normal form ("CL 76.123.456-0" -> "76123456-0"); a text that is none meets no RUT.
RUT = """
    regexp_replace(ltrim(translate(upper(p.vat), 'CL.- ', ''), '0'), '(.)$', '-\\1')
"""
FOLIO = "ltrim(substring(m.name FROM '[0-9]+$'), '0')"

# The documents of an open month as the entries have them. Exports meet by type and folio alone: a foreign customer has
# no RUT and the SII writes one for all.
LIVE = (
    """
    month AS MATERIALIZED (
        SELECT m.id, m.move_type, m.name, m.invoice_date, m.amount_total_signed, m.amount_tax_signed,
               m.commercial_partner_id, m.reversed_entry_id, t.code AS type,
               CASE WHEN starts_with(m.move_type, 'out') THEN 'sale' ELSE 'purchase' END AS direction
          FROM account_move m
          JOIN l10n_latam_document_type t ON t.id = m.l10n_latam_document_type_id
         WHERE m.company_id = ANY(%(companies)s) AND m.state = 'posted' AND m.move_type <> 'entry'
           AND t.code <> ALL(%(elsewhere)s)
           AND CASE WHEN t.code = %(fees_type)s THEN 'honorarios'
                    WHEN starts_with(m.move_type, 'out') THEN 'sales'
                    ELSE 'purchases' END = ANY(%(sections)s)
           AND """  # noqa: S608 (constants)
    + OF_THE_MONTH
    + """
    ), special AS (
        SELECT DISTINCT l.move_id
          FROM month m
          JOIN account_move_line l ON l.move_id = m.id
         WHERE %(by_class)s AND l.tax_line_id = ANY(%(special)s)
    ), ours AS (
        SELECT m.id AS move_id, m.direction, m.type,
               CASE WHEN m.type = ANY(%(exports)s) THEN %(foreigner)s ELSE p.rut END AS rut, {folio} AS folio,
               abs(m.amount_total_signed) AS total, m.invoice_date AS date, p.name,
               m.move_type = 'out_refund' AND m.invoice_date > invoice.invoice_date + interval '3 months' AS late_note,
               abs(m.amount_tax_signed) AS iva, special.move_id IS NULL AS plain, FALSE AS sealed
          FROM month m
          LEFT JOIN partner p ON p.id = m.commercial_partner_id
          LEFT JOIN account_move invoice ON invoice.id = m.reversed_entry_id
          LEFT JOIN special ON special.move_id = m.id
    )
    """
)
# Those of an approved or filed form as it keeps them; it does not keep what kind of IVA each had.
SEALED = """
    ours AS (
        SELECT d.move_id, d.direction, d.type,
               CASE WHEN d.type = ANY(%(exports)s) THEN %(foreigner)s ELSE d.rut END AS rut, d.folio,
               d.total, d.date, d.name, FALSE AS late_note, d.iva, TRUE AS plain, TRUE AS sealed
          FROM of_sii_f29_document d
         WHERE d.f29_id = %(form)s AND d.reason = 'month' AND d.type <> ALL(%(elsewhere)s)
           AND CASE WHEN d.type = %(fees_type)s THEN 'honorarios'
                    WHEN d.direction = 'sale' THEN 'sales'
                    ELSE 'purchases' END = ANY(%(sections)s)
    )
    """
# One hash join by direction, type, RUT and folio, all the rest for what does not meet. The sums that Odoo keeps with a
# document decide for most; its items are read only where the sums differ, or the kind of IVA is asked for and is not
# the plain one. First row: how many are equal.
MATCH = (
    """
    WITH partner AS MATERIALIZED (
        SELECT p.id, p.name, """  # noqa: S608 (constants)
    + RUT
    + """ AS rut FROM res_partner p WHERE p.vat IS NOT NULL
    ), {ours}, theirs AS (
        SELECT id, direction, type, CASE WHEN type = ANY(%(exports)s) THEN %(foreigner)s ELSE rut END AS rut, folio,
               total, vat + common_vat + lost_vat AS iva, fixed_vat, lost_vat, common_vat,
               coalesce(nature = 'market', FALSE) AS market, name, date,
               fixed_vat = 0 AND lost_vat = 0 AND common_vat = 0 AND nature IS DISTINCT FROM 'market' AS plain
          FROM of_sii_rcv_line
         WHERE rcv_id = ANY(%(registers)s) AND NOT cancelled AND type <> ALL(%(elsewhere)s)
    ), met AS MATERIALIZED (
        SELECT o.move_id, s.id AS line_id, coalesce(o.direction, s.direction) AS direction,
               coalesce(o.type, s.type) AS type, coalesce(o.rut, s.rut) AS rut, coalesce(o.folio, s.folio) AS folio,
               coalesce(o.name, s.name) AS name, coalesce(o.date, s.date) AS date, o.total AS odoo_total,
               s.total AS sii_total, coalesce(o.iva, 0) AS odoo_iva, coalesce(s.iva, 0) AS sii_iva, o.sealed,
               s.fixed_vat, s.lost_vat, s.common_vat, s.market, coalesce(o.late_note, FALSE) AS late_note,
               o.move_id IS NOT NULL AND s.id IS NOT NULL AND (o.total = s.total OR o.type = '914') AND o.iva = s.iva
               AND (o.sealed OR NOT %(by_class)s OR o.plain AND (o.direction = 'sale' OR s.plain)) AS equal
          FROM ours o
          FULL JOIN theirs s
            ON s.direction = o.direction AND s.type = o.type AND s.rut = o.rut AND s.folio = o.folio
    ), class AS (
        SELECT * FROM unnest(%(taxes)s::int[], %(classes)s::text[]) AS class(tax, name)
    ), iva AS (
        SELECT l.move_id, abs(sum(l.balance)) AS iva,
               abs(coalesce(sum(l.balance) FILTER (WHERE c.name = 'fixed'), 0)) AS fixed,
               abs(coalesce(sum(l.balance) FILTER (WHERE c.name = 'lost'), 0)) AS lost,
               abs(coalesce(sum(l.balance) FILTER (WHERE c.name = 'common'), 0)) AS common,
               coalesce(sum(l.balance) FILTER (WHERE c.name = 'market'), 0) <> 0 AS market
          FROM met x
          JOIN account_move_line l ON l.move_id = x.move_id
          JOIN class c ON c.tax = l.tax_line_id
         WHERE NOT x.equal AND NOT x.sealed AND x.line_id IS NOT NULL
         GROUP BY l.move_id
    ), exact AS (
        SELECT x.move_id, coalesce(i.iva, 0) AS iva, coalesce(i.fixed, 0) AS fixed, coalesce(i.lost, 0) AS lost,
               coalesce(i.common, 0) AS common, coalesce(i.market, FALSE) AS market,
               (x.odoo_total = x.sii_total OR x.type = '914') AND coalesce(i.iva, 0) = x.sii_iva
               AND (x.direction = 'sale' OR NOT %(by_class)s
                    OR (coalesce(i.fixed, 0) = x.fixed_vat OR x.type NOT IN ('30', '33', '914'))
                       AND coalesce(i.lost, 0) = x.lost_vat AND coalesce(i.common, 0) = x.common_vat
                       AND (coalesce(i.market, FALSE) = x.market OR x.type NOT IN ('30', '33'))) AS equal
          FROM met x
          LEFT JOIN iva i ON i.move_id = x.move_id
         WHERE NOT x.equal AND NOT x.sealed AND x.line_id IS NOT NULL
    ), twice AS (
        SELECT line_id, min(move_id) AS first FROM met WHERE line_id IS NOT NULL GROUP BY line_id HAVING count(*) > 1
    ), differing AS MATERIALIZED (
        SELECT x.*, e.iva, e.fixed, e.lost, e.common, e.market AS odoo_market,
               w.line_id IS NOT NULL AS twice
          FROM (SELECT * FROM met WHERE NOT equal OR line_id IN (SELECT line_id FROM twice)) AS x
          LEFT JOIN exact e ON e.move_id = x.move_id
          LEFT JOIN twice w ON w.line_id = x.line_id AND w.first <> x.move_id
         WHERE NOT x.equal AND e.equal IS NOT TRUE OR w.line_id IS NOT NULL
    ), not_in_odoo AS (
        SELECT DISTINCT ON (x.line_id) x.line_id, m.id AS move_id, m.state,
               coalesce((SELECT s.period FROM of_sii_f29_document s
                          WHERE s.move_id = m.id AND s.in_force AND s.reason = 'month' LIMIT 1),
                        m.of_sii_period) AS period,
               abs(m.amount_total_signed) AS total,
               m.move_type = 'out_refund' AND m.invoice_date > invoice.invoice_date + interval '3 months' AS late_note
          FROM differing x
          JOIN partner p ON p.rut = x.rut
          JOIN account_move m ON m.commercial_partner_id = p.id AND m.company_id = ANY(%(companies)s)
          JOIN l10n_latam_document_type t ON t.id = m.l10n_latam_document_type_id
          LEFT JOIN account_move invoice ON invoice.id = m.reversed_entry_id
         WHERE x.move_id IS NULL AND t.code = x.type AND {folio} = x.folio
           AND starts_with(m.move_type, CASE x.direction WHEN 'sale' THEN 'out' ELSE 'in' END)
         ORDER BY x.line_id, m.state = 'posted' DESC, m.state = 'draft' DESC, m.id DESC
    ), late_reference AS (
        SELECT DISTINCT x.line_id
          FROM differing x
          JOIN of_sii_rcv_line l ON l.id = x.line_id
          JOIN partner p ON p.rut = x.rut
          JOIN account_move m ON m.commercial_partner_id = p.id AND m.company_id = ANY(%(companies)s)
          JOIN l10n_latam_document_type t ON t.id = m.l10n_latam_document_type_id
         WHERE x.move_id IS NULL AND x.direction = 'sale' AND x.type IN ('60', '61')
           AND t.code = l.reference_type AND {folio} = l.reference_folio AND m.move_type = 'out_invoice'
           AND x.date > m.invoice_date + interval '3 months'
    ), not_in_register AS (
        SELECT DISTINCT ON (x.move_id) x.move_id, l.id AS line_id, l.section, l.period, l.received, l.total
          FROM differing x
          JOIN of_sii_rcv_line l ON l.company_id = %(company)s AND l.direction = x.direction AND l.type = x.type
                                AND l.rut = x.rut AND l.folio = x.folio
         WHERE x.line_id IS NULL AND l.rcv_id <> ALL(%(registers)s) AND l.section <> 'summary'
         ORDER BY x.move_id, l.section IN ('sales', 'purchases', 'honorarios') DESC, l.period DESC
    )
    SELECT NULL AS direction, NULL AS type, NULL AS rut, NULL AS folio, NULL AS name, NULL::date AS date,
           NULL::int AS move_id, NULL::int AS line_id, rest.equal AS odoo_total, NULL::bigint AS sii_total,
           NULL::bigint AS odoo_iva, NULL::bigint AS sii_iva, NULL::bigint[] AS odoo_classes,
           NULL::bigint[] AS sii_classes, NULL::bool AS here_odoo, NULL::bool AS here_sii,
           NULL::bool AS twice, NULL AS odoo_state, NULL AS odoo_period,
           NULL AS sii_section, NULL AS sii_period, NULL::date AS sii_received, NULL::bool AS late_note
      FROM (SELECT (SELECT count(*) FROM met) - (SELECT count(*) FROM differing)) AS rest(equal)
     UNION ALL
    SELECT * FROM (
        SELECT x.direction, x.type, x.rut, x.folio, x.name, x.date, coalesce(x.move_id, o.move_id),
               coalesce(x.line_id, r.line_id), coalesce(x.odoo_total, o.total)::bigint,
               coalesce(x.sii_total, r.total)::bigint, coalesce(x.iva, x.odoo_iva)::bigint, x.sii_iva::bigint,
               ARRAY[x.fixed, x.lost, x.common, x.odoo_market::int]::bigint[],
               ARRAY[x.fixed_vat, x.lost_vat, x.common_vat, x.market::int]::bigint[],
               x.move_id IS NOT NULL, x.line_id IS NOT NULL, x.twice, o.state, o.period,
               r.section, r.period, r.received,
               x.late_note OR coalesce(o.late_note, FALSE) OR late.line_id IS NOT NULL
          FROM differing x
          LEFT JOIN not_in_odoo o ON o.line_id = x.line_id
          LEFT JOIN late_reference late ON late.line_id = x.line_id
          LEFT JOIN not_in_register r ON r.move_id = x.move_id
         ORDER BY x.direction DESC, x.type, x.rut, x.folio) AS told
    """
)
_NAMES = (
    *("direction", "type", "rut", "folio", "name", "date", "move_id", "line_id", "odoo_total", "sii_total"),
    *(
        "odoo_iva",
        "sii_iva",
        "odoo_classes",
        "sii_classes",
        "here_odoo",
        "here_sii",
        "twice",
        "odoo_state",
        "odoo_period",
        "sii_section",
    ),
    *("sii_period", "sii_received", "late_note"),
)
_CLASSES = ("fixed", "lost", "common", "market")


class OfSiiF29(models.Model):
    _inherit = "of.sii.f29"

    def _match(self, registers, by_class):
        """(documents that are equal, list of core.reconcile.Found) of this form's month against the registers, by one
        SQL statement. Of an approved or filed form its kept documents are compared, else the entries.

        ``by_class``: a document with the same total and IVA differs too where its IVA is of another kind (fixed asset,
        without credit, common use, supermarket).
        """
        self.ensure_one()
        self._flush_ledger()
        self.env["res.partner"].flush_model(["vat", "name"])
        sealed = bool(self._origin) and self._is_sealed()
        ours = SEALED if sealed else LIVE
        statement = MATCH.format(ours=ours.format(folio=FOLIO), folio=FOLIO)
        # jit compiles longer than this runs; the hashes of a large month do not fit the usual 4 MB
        self.env.cr.execute("SET LOCAL jit = off")
        self.env.cr.execute("SET LOCAL work_mem = '64MB'")
        self.env.cr.execute("SET LOCAL enable_mergejoin = off")  # it would sort texts by the rules of the language
        self.env.cr.execute(statement, self._match_params(registers) | {"by_class": by_class})
        equal, *rows = [dict(zip(_NAMES, row, strict=True)) for row in self.env.cr.fetchall()]
        self.env.cr.execute("SET LOCAL enable_mergejoin = on")
        for row in rows:
            odoo, sii = row.pop("odoo_classes"), row.pop("sii_classes")
            pairs = zip(_CLASSES, odoo, sii, strict=True)
            row["classes"] = {name: (ours, theirs) for name, ours, theirs in pairs if None not in (ours, theirs)}
        return equal["odoo_total"], rows

    def _match_params(self, registers):
        first, until = periods.month_bounds(self.period)
        classes = self._tax_classes()
        return {
            "companies": self._companies().ids,
            "company": self.company_id.id,
            "form": self._origin.id or 0,
            "period": self.period,
            "first": first,
            "until": until,
            "registers": registers.ids,
            "sections": registers.mapped("section"),
            "taxes": list(classes),
            "classes": list(classes.values()),
            "special": [tax for tax, name in classes.items() if name != "plain"],
            "exports": sorted(EXPORTS),
            "foreigner": "55555555-5",
            "fees_type": FEES_TYPE,
            "elsewhere": sorted({*SUMMARISED, PAPER_FEES}),
        }

    def _tax_classes(self):
        """Tax id -> what kind of IVA it is: plain, fixed, lost, common or market, as the map has it."""
        rules, taxes = self._resolved()
        iva = {tax.id for tax in taxes.values() if tax.amount and tax.l10n_cl_sii_code == 14}
        classes = dict.fromkeys(sorted(iva), "plain")
        ranks = {"market": 1, "fixed": 2, "lost": 3, "common": 4}
        for rule in rules:
            if rule.tax not in iva or rule.direction != PURCHASE or rule.code <= 0:
                continue
            name = _class_of(rule)
            if name and ranks[name] > ranks.get(classes[rule.tax], 0):
                classes[rule.tax] = name
        return classes


def _class_of(rule):
    if rule.shared:
        return "common"
    if rule.counts:
        return {524: "fixed", 536: "fixed", 564: "lost", 566: "lost", 761: "market"}.get(rule.code)
    return None
