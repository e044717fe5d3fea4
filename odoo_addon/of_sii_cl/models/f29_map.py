from odoo import api, fields, models
from odoo.exceptions import ValidationError

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
    company_id = fields.Many2one("res.company", help="Empty: every company. A company's rows replace the shared ones.")
    active = fields.Boolean(default=True)

    def init(self):
        # A plain unique constraint lets rows of no company repeat (NULL), so the index spells the empty values out.
        self.env.cr.execute(
            """
            CREATE UNIQUE INDEX IF NOT EXISTS of_sii_f29_map_uniq ON of_sii_f29_map (
                coalesce(company_id, 0), coalesce(tax_id, 0), coalesce(tax_code, ''), direction, doc_codes, what, code,
                share
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

    @api.constrains("tax_code", "tax_id", "direction", "doc_codes", "what", "code", "share", "company_id", "active")
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
            for twin in twins:
                repeated = sorted(set(row.doc_codes.split()) & set(twin.doc_codes.split()), key=int)
                if repeated:
                    raise ValidationError(
                        f"El mapa ya lleva «{row.tax_code or row.tax_id.name or 'sin impuesto'}» de los documentos "
                        f"{', '.join(repeated)} al código {row.code}: se contaría dos veces."
                    )
