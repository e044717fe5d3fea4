from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..core import base64_stream
from ..core import period as periods
from ..core.rcv import Register, named_in
from .rcv_line import COPY, SECTIONS, CopyText, copy_row

_PIECE = 1 << 16
_MOST_SHOWN = 50
_MANY = 10_000
# Documents that a file lists twice, not one below the other. To ask whether there are any takes one hash; which lines,
# a sort that is seldom needed.
REPEATED = """
    SELECT 1 FROM of_sii_rcv_line WHERE rcv_id = %(rcv)s
     GROUP BY direction, type, rut, folio HAVING count(*) > 1 LIMIT 1
"""
REPEATED_LINES = """
    SELECT id, line, further_lines, type, folio, rut, first
      FROM (SELECT *, min(line) OVER (PARTITION BY direction, type, rut, folio) AS first
              FROM of_sii_rcv_line WHERE rcv_id = %(rcv)s) AS known
     WHERE line <> first
"""


class OfSiiRcv(models.Model):
    """One section of the SII's register of a month, as it was downloaded last."""

    _name = "of.sii.rcv"
    _description = "SII register of purchases and sales (RCV)"
    _order = "period desc, company_id, section"
    _rec_name = "filename"

    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    period = fields.Char(required=True, readonly=True)
    section = fields.Selection(SECTIONS, required=True, readonly=True)
    filename = fields.Char(string="File", required=True, readonly=True)
    sha256 = fields.Char(string="SHA-256", required=True, readonly=True)
    loaded_at = fields.Datetime(required=True, readonly=True)
    rows = fields.Integer(string="Lines read", readonly=True)
    documents = fields.Integer(readonly=True)
    refused = fields.Json(readonly=True, help="[{line, reason}] of each line that was not read")
    refused_count = fields.Integer(string="Lines refused", readonly=True)
    refused_text = fields.Text(string="Refused lines", compute="_compute_refused_text")
    line_ids = fields.One2many("of.sii.rcv.line", "rcv_id", string="Documents of the register", readonly=True)

    if hasattr(models, "Constraint"):
        _section_uniq = models.Constraint(
            "unique(company_id, period, section)", "The month already has this section of the register."
        )
    else:
        _sql_constraints = [
            (
                "section_uniq",
                "unique(company_id, period, section)",
                "The month already has this section of the register.",
            )
        ]

    @api.depends("refused")
    def _compute_refused_text(self):
        for register in self:
            refused = register.refused or []
            lines = [f"Línea {row['line']}: {row['reason']}" for row in refused[:_MOST_SHOWN]]
            if len(refused) > _MOST_SHOWN:
                lines.append(f"Y {len(refused) - _MOST_SHOWN} más.")
            register.refused_text = "\n".join(lines)

    def unlink(self):
        """Delete the registers with their lines."""
        self.env["of.sii.rcv.line"].flush_model()
        self.env.cr.execute("DELETE FROM of_sii_rcv_line WHERE rcv_id = ANY(%s)", [self.ids])
        self.env["of.sii.rcv.line"].invalidate_model()
        return super().unlink()

    @api.model
    def load(self, company_id, period, filename, content_base64):
        """Take in a file of the SII's register as it was downloaded, in place of the one loaded before.

        ``{"id", "section" (sales|purchases|pending|not_included|claimed|summary|honorarios), "rows", "documents",
        "refused": [{"line", "reason"}], "casillas": {código as text: whole pesos or documents}}``. Every line after the
        header that is not blank is one of ``rows`` or of ``refused``. The same file again changes nothing. Raises
        UserError in Spanish, and changes nothing, for what is no register, for the file of another RUT or month (as its
        name says them), and as compute_period does for the company.
        """
        forms = self.env["of.sii.f29"]
        if not forms._may("compute"):
            raise AccessError("Solo quien está en el grupo «F29: calcular» puede cargar el registro del SII.")
        company = forms._company_to_declare(company_id)
        self._check_name(company, period, filename)
        try:
            sha256 = base64_stream.sha256(content_base64 or "")
            file = Register(base64_stream.lines(content_base64 or ""))
        except ValueError as error:
            raise UserError(f"«{filename}»: {error}") from error
        registers = self.sudo()
        # two loads of the same month, one after the other
        self.env.cr.execute("SELECT pg_advisory_xact_lock(hashtext('of_sii_rcv'), %s)", [company.id])
        known = registers.search(
            [("company_id", "=", company.id), ("period", "=", period), ("section", "=", file.section)]
        )
        if known.sha256 == sha256:
            return known._as_data()
        known.unlink()
        register = registers.create(
            {
                "company_id": company.id,
                "period": period,
                "section": file.section,
                "filename": filename or "registro.csv",
                "sha256": sha256,
                "loaded_at": fields.Datetime.now(),
            }
        )
        register._copy(file)
        return register._as_data()

    @api.model
    def _check_name(self, company, period, filename):
        """Raise UserError unless the file is of this RUT and month, as far as its name says them."""
        self.env["of.sii.f29"]._require_period(period)
        rut, month = named_in(filename or "")
        ours = company._of_sii_rut()
        if rut and rut != ours.partition("-")[0]:
            raise UserError(
                f"El archivo «{filename}» es del RUT {rut} y «{company.name}» es {ours}: cárguelo en su empresa."
            )
        if month and month != period:
            raise UserError(f"El archivo «{filename}» es de {month} y se está cargando en {period}: elija ese mes.")

    def _copy(self, file):
        """Copy the file's documents into the database, line by line, and note what was read and refused."""
        self.ensure_one()
        self.env.flush_all()
        self.env.cr.execute("SET LOCAL work_mem = '64MB'")  # the hash of a large register does not fit the usual 4 MB
        register = f"{self.id}\t{self.company_id.id}\t{self.period}\t{self.section}"
        rows = (copy_row(register, document) for document in file)
        self.env.cr.copy_expert(COPY, CopyText(rows), _PIECE)
        documents = self.env.cr.rowcount
        if file.rows > _MANY:
            # what follows would be planned for an empty table
            self.env.cr.execute("ANALYZE of_sii_rcv_line (rcv_id, direction, type, rut, folio)")
        repeated, gone = self._refuse_repeated()
        refused = sorted([*({"line": row.line, "reason": row.reason} for row in file.refused), *repeated], key=_line)
        self.write(
            {
                "rows": file.rows - len(repeated),
                "documents": documents - gone,
                "refused": refused,
                "refused_count": len(refused),
            }
        )
        self.env["of.sii.rcv.line"].invalidate_model()

    def _refuse_repeated(self):
        """Take a document's repetitions out; (their lines as refused ones, how many documents went)."""
        self.env.cr.execute(REPEATED, {"rcv": self.id})
        if self.section == "summary" or not self.env.cr.fetchone():
            return [], 0
        self.env.cr.execute(REPEATED_LINES, {"rcv": self.id})
        rows = self.env.cr.fetchall()
        self.env.cr.execute("DELETE FROM of_sii_rcv_line WHERE id = ANY(%s)", [[row[0] for row in rows]])
        refused = [
            {"line": number, "reason": f"El documento {kind} N° {folio} de {rut} ya está en la línea {first}."}
            for _id, line, further, kind, folio, rut, first in rows
            for number in (line, *map(int, further.split(",") if further else ()))
        ]
        return refused, len(rows)

    def _as_data(self):
        self.ensure_one()
        return {
            "id": self.id,
            "section": self.section,
            "rows": self.rows,
            "documents": self.documents,
            "refused": self.refused or [],
            "casillas": {str(code): amount for code, amount in self._casillas().items()},
        }

    def action_open_lines(self):
        """The documents of the register."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.filename,
            "res_model": "of.sii.rcv.line",
            "view_mode": "list",
            "views": [(False, "list")],
            "domain": [("rcv_id", "=", self.id)],
            "context": {"create": False, "edit": False},
        }

    @api.autovacuum
    def _forget_old_months(self):
        """Delete the registers of months that the law no longer asks to keep, by each company's setting."""
        today = periods.today_in_santiago(fields.Datetime.now())
        for company in (
            self.env["res.company"].sudo().with_context(active_test=False).search([("of_sii_rcv_years", ">", 0)])
        ):
            # the six years of art. 200 run from the day on which the month was due, in the month after it
            last = periods.shift(f"{today:%Y-%m}", -12 * company.of_sii_rcv_years - 2)
            self.sudo().search([("company_id", "=", company.id), ("period", "<=", last)]).unlink()


def _line(refused):
    return refused["line"]
