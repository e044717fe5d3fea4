import base64

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core import reconciliation
from ..core.codes import codes
from .f29_document import DIRECTIONS
from .rcv_line import LooseMany2one

KINDS = [
    ("amount", "Other amount"),
    ("only_sii", "Only in the SII"),
    ("only_odoo", "Only in Odoo"),
    ("other_period", "Other month"),
]
SEES_DOCUMENTS = "account.group_account_readonly,of_sii_cl.group_f29_prepare"
# What the register calls the IVA of a purchase -> tax of the chart
TAX_OF = {"fixed": "iva_activo_fijo", "market": "iva_supermercado_recup"}


class OfSiiRcvReconciliation(models.Model):
    """The last comparison of a month: Odoo's documents, the SII's register, the form."""

    _name = "of.sii.rcv.reconciliation"
    _description = "Reconciliation of a month with the SII's register"
    _order = "period desc, company_id"
    _rec_name = "period"

    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    period = fields.Char(required=True, readonly=True)
    reconciled_at = fields.Datetime(required=True, readonly=True)
    certified = fields.Boolean(readonly=True)
    certificate = fields.Text(readonly=True)
    equal = fields.Integer(string="Equal documents", readonly=True)
    code_ids = fields.One2many("of.sii.rcv.code", "reconciliation_id", string="Códigos side by side", readonly=True)
    difference_ids = fields.One2many(
        "of.sii.rcv.difference", "reconciliation_id", string="Documents that differ", readonly=True
    )

    if hasattr(models, "Constraint"):
        _period_uniq = models.Constraint("unique(company_id, period)", "The month already has its reconciliation.")
    else:
        _sql_constraints = [("period_uniq", "unique(company_id, period)", "The month already has its reconciliation.")]

    @api.model
    def read_reconciliation(self, company_id, period):
        """A month's last comparison with the SII's register as it is kept: nothing is compared anew.

        None where there is none, else ``{"certified", "certificate" (Spanish), "behind": a register was loaded after
        it, "equal": documents, "codes": {código as text: {"odoo", "rcv", "difference"}}, "differences": [{"kind",
        "direction", "type", "folio", "rut", "name", "odoo", "sii", "cause"}], "files": {"csv": text, "xlsx":
        base64}}``.
        Who is no accountant, as the robot, reads neither names nor RUTs of natural persons, nor do the files that it
        gets hold them. The same comparison gives the same bytes. Raises UserError for no period or company.
        """
        forms = self.env["of.sii.f29"]
        forms._require_reader()
        company = forms._company_to_declare(company_id)
        self.env["of.sii.f29"]._require_period(period)
        month = [("company_id", "=", company.id), ("period", "=", period)]
        last = self.sudo().search(month, limit=1)
        if not last:
            return None
        behind = any(
            day > last.reconciled_at for day in self.env["of.sii.rcv"].sudo().search(month).mapped("loaded_at")
        )
        told = last._comparison(to_accountants=self._sees_documents(), behind=behind)
        return {
            "certified": told.certified,
            "certificate": told.certificate,
            "behind": behind,
            "equal": told.equal,
            "codes": {
                str(code): {"odoo": ours, "rcv": theirs, "difference": ours - theirs}
                for code, ours, theirs in told.codes
            },
            "differences": [row._asdict() for row in told.rows],
            "files": {"csv": reconciliation.to_csv(told), "xlsx": base64.b64encode(self._to_xlsx(told)).decode()},
        }

    @api.model
    def _sees_documents(self):
        """Whether the user may see counterparts: the robot may not."""
        return self.env.su or any(map(self.env.user.has_group, SEES_DOCUMENTS.split(",")))

    def _comparison(self, *, to_accountants, behind):
        """The comparison for a reader, its rows in an order that no database decides."""
        self.ensure_one()
        kinds = [kind for kind, _label in KINDS]
        rows = [
            reconciliation.shown(
                reconciliation.Row(
                    *(row.kind, row.direction or "", row.type or "", row.folio or "", row.rut or "", row.name or ""),
                    odoo=int(row.odoo) if row.kind != "only_sii" else None,
                    sii=int(row.sii) if row.kind != "only_odoo" else None,
                    cause=row.cause or "",
                ),
                to_accountants=to_accountants,
            )
            for row in self.difference_ids
        ]
        return reconciliation.Comparison(
            period=self.period,
            company=self.company_id.name,
            rut=self.company_id._of_sii_rut(),
            certified=self.certified and not behind,
            certificate="Se cargó un registro y falta conciliar." if behind else self.certificate,
            equal=self.equal,
            codes=[reconciliation.Code(row.code, int(row.odoo), int(row.rcv)) for row in self.code_ids],
            rows=sorted(rows, key=lambda row: (kinds.index(row.kind), row[1:6], row.odoo or 0, row.sii or 0)),
        )


class OfSiiRcvCode(models.Model):
    """A código from both sides."""

    _name = "of.sii.rcv.code"
    _description = "Código as Odoo and the SII's register give it"
    _order = "sequence, id"
    _rec_name = "code"
    _log_access = False

    reconciliation_id = fields.Many2one(
        "of.sii.rcv.reconciliation", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    sequence = fields.Integer(readonly=True)
    code = fields.Integer(string="Código", readonly=True)
    glosa = fields.Char(compute="_compute_glosa")
    odoo = fields.Float(digits=(16, 0), readonly=True)
    rcv = fields.Float(string="SII", digits=(16, 0), readonly=True)
    difference = fields.Float(digits=(16, 0), readonly=True)

    def _compute_glosa(self):
        known = codes()
        for row in self:
            row.glosa = known[row.code].glosa if row.code in known else ""


class OfSiiRcvDifference(models.Model):
    """A document on which Odoo and the SII's register differ, with its cause."""

    _name = "of.sii.rcv.difference"
    _description = "Document that differs from the SII's register"
    _order = "kind, direction desc, type, folio, id"
    _rec_name = "folio"
    _log_access = False

    reconciliation_id = fields.Many2one(
        "of.sii.rcv.reconciliation", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    kind = fields.Selection(KINDS, string="Difference", required=True, readonly=True)
    direction = fields.Selection(DIRECTIONS, readonly=True)
    type = fields.Char(string="Document type", readonly=True)
    folio = fields.Char(readonly=True)
    rut = fields.Char(string="RUT", readonly=True)
    name = fields.Char(string="Counterpart", readonly=True)
    date = fields.Date(readonly=True)
    odoo = fields.Float(string="Total in Odoo", digits=(16, 0), readonly=True)
    sii = fields.Float(string="Total in the SII", digits=(16, 0), readonly=True)
    cause = fields.Char(readonly=True)
    move_id = fields.Many2one("account.move", string="Entry", readonly=True, ondelete="set null")
    line_id = LooseMany2one("of.sii.rcv.line", string="Line of the register", readonly=True)
    billable = fields.Boolean(compute="_compute_billable")

    def _compute_billable(self):
        for row in self:
            row.billable = row.kind == "only_sii" and row.direction == "purchase" and not row.move_id

    def action_open_entry(self):
        """Open Odoo's document."""
        self.ensure_one()
        if not self.move_id:
            raise UserError("Este documento no está en Odoo.")
        return self._show_move(self.move_id)

    def action_make_bill(self):
        """Open a draft bill with what the register says of a purchase that Odoo does not have."""
        self.ensure_one()
        if not self.billable or not self.line_id.exists():
            raise UserError(
                "Solo una compra que está en el SII y no en Odoo se lleva a un borrador: concilie otra vez si cargó un "
                "registro nuevo."
            )
        bill = self.env["account.move"].with_company(self.company_id).create(self._bill_values())
        self.sudo().move_id = bill
        return self._show_move(bill)

    def _show_move(self, move):
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": move.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    def _bill_values(self):
        line = self.line_id
        document_type = self.env["l10n_latam.document.type"].search(
            [("code", "=", line.type), ("country_id.code", "=", "CL")], limit=1
        )
        journal = self.env["account.journal"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("type", "=", "purchase"),
                ("l10n_latam_use_documents", "=", True),
            ],
            limit=1,
        )
        if not document_type or not journal:
            raise UserError(f"Odoo no tiene el tipo de documento {line.type} o un diario de compras con documentos.")
        return {
            "move_type": "in_refund" if document_type.internal_type == "credit_note" else "in_invoice",
            "journal_id": journal.id,
            "partner_id": self._partner().id,
            "invoice_date": line.date,
            "date": line.date,
            "l10n_latam_document_type_id": document_type.id,
            "l10n_latam_document_number": line.folio,
            "invoice_line_ids": [(0, 0, values) for values in self._bill_lines()],
        }

    def _partner(self):
        """The supplier with the document's RUT, made from the register where Odoo has none."""
        partners = self.env["res.partner"]
        rut = self.line_id.rut
        found = partners.search([("vat", "in", (rut, rut.replace("-", ""), f"CL{rut}", f"CL{rut.replace('-', '')}"))])
        found = found.commercial_partner_id[:1]
        return found or partners.create(
            {
                "name": self.line_id.name or rut,
                "vat": rut,
                "is_company": True,
                "country_id": self.env.ref("base.cl").id,
                "l10n_latam_identification_type_id": self.env.ref("l10n_cl.it_RUT").id,
                "l10n_cl_sii_taxpayer_type": "1",
            }
        )

    def _bill_lines(self):
        """Lines of (net, tax): fixed assets, the rest with its kind of IVA, and what is exempt."""
        line = self.line_id
        fixed = line.fixed_net if line.fixed_vat else 0
        code = "OTAX_19"
        if line.lost_vat and not line.vat:
            code = "iva_compra_no_recup"
        elif line.common_vat and not line.vat:
            code = "iva_compra_uso_comun"
        elif line.nature in TAX_OF:
            code = TAX_OF[line.nature]
        taxed = line.vat or line.lost_vat or line.common_vat
        parts = [(fixed, "iva_activo_fijo"), (line.net - fixed, code if taxed else ""), (line.exempt, "")]
        tax_ids = self.env["of.sii.f29.map"]._tax_ids_by_chart_code(
            self.env["account.tax"].sudo().search([("company_id", "in", self.company_id._of_sii_with_parents().ids)])
        )
        return [
            {
                "name": "Según el registro del SII",
                "quantity": 1,
                "price_unit": net,
                "tax_ids": [(6, 0, tax_ids[tax][:1] if tax else [])],
            }
            for net, tax in parts
            if net
        ] or [{"name": "Según el registro del SII", "quantity": 1, "price_unit": 0}]
