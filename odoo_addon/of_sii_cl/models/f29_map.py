import calendar
import csv

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import file_open

from ..core.codes import codes


class OfSiiF29Map(models.Model):
    _name = "of.sii.f29.map"
    _description = "F29 map: which tax and document type feed which código"
    _order = "direction desc, tax_code, code, doc_codes, id"
    _rec_name = "code"

    tax_code = fields.Char(
        string="Chart tax",
        help="Identifier of the tax in the Chilean chart (ITAX_19, OTAX_19, ...), the same in every company. "
        "Empty without a tax: lines that have no tax.",
    )
    tax_id = fields.Many2one(
        "account.tax",
        string="Own tax",
        ondelete="cascade",
        help="A tax of the company itself that is not in the chart. Goes before the chart tax.",
    )
    direction = fields.Selection([("sale", "Sale"), ("purchase", "Purchase")], required=True)
    doc_codes = fields.Char(
        string="Document types", required=True, help="SII document types separated by spaces: 33 30"
    )
    what = fields.Selection(
        [
            ("count", "Count of documents"),
            ("base", "Net amount"),
            ("tax", "Tax"),
            ("withheld", "Withheld tax"),
        ],
        required=True,
    )
    code = fields.Integer(string="Código", help="0: on purpose in no código.")
    glosa = fields.Char(compute="_compute_glosa")
    sign = fields.Selection(
        [("1", "As posted"), ("-1", "Reversed: credit notes shown positive")], required=True, default="1"
    )
    share = fields.Selection(
        [
            ("full", "All"),
            ("common_use", "Common use factor"),
            ("common_use_rest", "Rest of the common use factor"),
        ],
        required=True,
        default="full",
    )
    company_id = fields.Many2one(
        "res.company",
        help="Empty: every company. A company's rows replace the shared ones of the same tax, document type and kind "
        "(count, net, tax or withheld).",
    )
    date_from = fields.Date(string="From", help="First day of the first month in which the row holds. Empty: always.")
    date_to = fields.Date(string="Until", help="Last day of the last month in which the row holds. Empty: still.")
    active = fields.Boolean(default=True)

    def init(self):
        # A plain unique constraint lets rows of no company repeat (NULL), so the index spells the empty values out.
        self.env.cr.execute(
            """
            DROP INDEX IF EXISTS of_sii_f29_map_uniq;
            CREATE UNIQUE INDEX IF NOT EXISTS of_sii_f29_map_dated_uniq ON of_sii_f29_map (
                coalesce(company_id, 0), coalesce(tax_id, 0), coalesce(tax_code, ''), direction, doc_codes, what, code,
                share, coalesce(date_from, '-infinity'), coalesce(date_to, 'infinity')
            )
            """
        )

    @api.depends("code")
    def _compute_glosa(self):
        for row in self:
            known = codes().get(row.code)
            row.glosa = known.glosa if known else ""

    @api.constrains("code")
    def _check_code(self):
        for row in self:
            known = codes().get(row.code)
            if row.code and (known is None or known.source not in ("ledger", "input")):
                raise ValidationError(
                    f"El código {row.code} no recibe montos de los asientos: elija otro (0 = ninguno)."
                )

    @api.constrains("doc_codes")
    def _check_doc_codes(self):
        for row in self:
            if not all(code.isdigit() for code in row.doc_codes.split()):
                raise ValidationError(
                    f"Tipos de documento «{row.doc_codes}» no válidos: números separados por espacios."
                )

    @api.constrains("date_from", "date_to")
    def _check_dates(self):
        for row in self:
            last = row.date_to and calendar.monthrange(row.date_to.year, row.date_to.month)[1]
            if (row.date_from and row.date_from.day != 1) or (row.date_to and row.date_to.day != last):
                raise ValidationError("Una fila del mapa vale por meses completos: del día 1 al último del mes.")
            if row.date_from and row.date_to and row.date_from > row.date_to:
                raise ValidationError(f"La fila del mapa termina ({row.date_to}) antes de empezar ({row.date_from}).")

    @api.constrains("company_id")
    def _check_company(self):
        for company in self.company_id:
            declarant = company._of_sii_declarant()
            if declarant != company:
                raise ValidationError(
                    f"«{company.sudo().name}» se declara en el F29 de «{declarant.name}»: sus filas van en esa empresa."
                )

    def _holds_beside(self, other):
        """Whether there is a month in which both rows hold."""
        starts = [day for day in (self.date_from, other.date_from) if day]
        ends = [day for day in (self.date_to, other.date_to) if day]
        return not starts or not ends or max(starts) <= min(ends)

    @api.model
    def _end_shipped_rows(self):
        """A row that the shipped file ends (``date_to``) ends in this database too, though rows here are never
        overwritten: called after each installation and upgrade."""
        with file_open("of_sii_cl/data/of.sii.f29.map.csv") as table:
            for shipped in csv.DictReader(table):
                row = self.env.ref(f"of_sii_cl.{shipped['id']}", raise_if_not_found=False)
                if row and shipped["date_to"] and not row.date_to:
                    row.date_to = shipped["date_to"]

    @api.constrains(
        *("tax_code", "tax_id", "direction", "doc_codes", "what", "code", "share", "company_id", "active"),
        *("date_from", "date_to"),
    )
    def _check_overlap(self):
        """The same document may not feed a código twice from the same tax."""
        for row in self.filtered("active"):
            twins = self.search(
                [
                    ("id", "!=", row.id),
                    ("tax_code", "=", row.tax_code),
                    ("tax_id", "=", row.tax_id.id),
                    ("direction", "=", row.direction),
                    ("what", "=", row.what),
                    ("code", "=", row.code),
                    ("share", "=", row.share),
                    ("company_id", "=", row.company_id.id),
                ]
            )
            for twin in twins.filtered(row._holds_beside):
                repeated = sorted(set(row.doc_codes.split()) & set(twin.doc_codes.split()), key=int)
                if repeated:
                    raise ValidationError(
                        f"El mapa ya lleva «{row.tax_code or row.tax_id.name or 'sin impuesto'}» de los documentos "
                        f"{', '.join(repeated)} al código {row.code}: se contaría dos veces."
                    )
