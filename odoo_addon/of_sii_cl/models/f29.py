from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..core import messages
from ..core import period as periods

STATUSES = [
    ("draft", "Draft"),
    ("ready", "Computed"),
    ("approved", "Approved"),
    ("filed", "Filed"),
    ("paid", "Paid"),
]
OPEN = ("draft", "ready")
FILED = ("filed", "paid")
TRANSITIONS = {
    *(("draft", "ready"), ("ready", "approved"), ("approved", "ready"), ("approved", "filed"), ("filed", "paid")),
    *(("filed", "approved"), ("paid", "filed")),  # undone within the day
}
# What only the computation and the actions write: a person may not, over RPC either.
COMPUTED = {
    *("version", "rut", "status", "line_ids", "warnings", "without_payment", "company_name"),
    *("iva_debito", "iva_credito", "iva_determinado", "remanente", "total_to_pay"),
    *("previous_id", "utm_then", "utm_now"),
    *("questions", "missing_inputs", "movement", "bhe_basis"),
    *("filed_on", "filed_at", "filed_by_id", "filed_total", "filed_remanente", "filed_reason", "paid_on", "paid_at"),
    *("closing_move_ids", "paid_by_payment"),
    *("in_force", "payable", "replaces_id", "replaced_by_id", "document_ids", "late_ids"),
}
# What a closed form keeps; the rates and the manual códigos already from its approval on.
KEPT_WHEN_APPROVED = {"input_ids", "ppm_rate", "common_use_factor"}
KEPT_WHEN_FILED = {"due_date", "company_id", "period"}


class OfSiiF29(models.Model):
    _name = "of.sii.f29"
    _description = "F29 monthly VAT form"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "period desc, company_id, version desc"

    name = fields.Char(compute="_compute_name", store=True)
    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    period = fields.Char(required=True, size=7, help="Tax month, YYYY-MM")
    version = fields.Integer(required=True, default=1, readonly=True, copy=False)
    rut = fields.Char(string="RUT", readonly=True, copy=False)
    company_name = fields.Char(readonly=True, copy=False, help="The company's name when the form was computed")
    status = fields.Selection(STATUSES, required=True, default="draft", readonly=True, copy=False, tracking=True)
    line_ids = fields.One2many("of.sii.f29.line", "f29_id", string="Códigos", readonly=True, copy=False)
    input_ids = fields.One2many("of.sii.f29.input", "f29_id", string="Manual códigos")
    iva_debito = fields.Monetary(string="Total debits (538)", readonly=True, copy=False)
    iva_credito = fields.Monetary(string="Total credits (537)", readonly=True, copy=False)
    iva_determinado = fields.Monetary(string="IVA to pay (89)", readonly=True, copy=False)
    remanente = fields.Monetary(string="Credit carried forward (77)", readonly=True, copy=False)
    total_to_pay = fields.Monetary(string="Total to pay (91)", readonly=True, copy=False, tracking=True)
    # known once it is computed; until then there may be something to pay
    without_payment = fields.Boolean(readonly=True, copy=False)
    previous_id = fields.Many2one("of.sii.f29", string="Previous form", readonly=True, copy=False)
    utm_then = fields.Integer(string="UTM when the previous form was due", readonly=True, copy=False)
    utm_now = fields.Integer(string="UTM when this form is due", readonly=True, copy=False)
    due_date = fields.Date(
        compute="_compute_due_date",
        store=True,
        readonly=False,
        tracking=True,
        help="By the period, the due day of the company, the holidays and the SII's extensions, which have a list of "
        "their own. A later date written here stays.",
    )
    warnings = fields.Json(readonly=True, copy=False)

    if hasattr(models, "Constraint"):
        _period_uniq = models.Constraint(
            "unique(company_id, period, version)", "The company already has this version of the period's F29."
        )
    else:
        _sql_constraints = [
            (
                "period_uniq",
                "unique(company_id, period, version)",
                "The company already has this version of the period's F29.",
            )
        ]

    @api.depends("period", "version")
    def _compute_name(self):
        for form in self:
            form.name = f"F29 {form.period}" + (f" v{form.version} (rectificatoria)" if form.version > 1 else "")

    @api.depends("company_id.of_sii_due_day", "period", "without_payment")
    def _compute_due_date(self):
        for form in self:
            if form.status not in OPEN:
                form.due_date = form.due_date
                continue
            try:
                form.due_date = self._due_date(form.company_id, form.period, not form.without_payment)
            except ValueError:
                form.due_date = False

    @api.constrains("period")
    def _check_period(self):
        for form in self:
            try:
                periods.first_day(form.period)
            except ValueError as error:
                raise ValidationError(str(error)) from error

    def _creation_message(self):
        """Spanish at the source, as all that is told here: who calls by RPC need not name a language."""
        return "Se creó el formulario."

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("status", "draft") != "draft":
                raise UserError("Un F29 nuevo empieza en «Borrador»: calcúlelo y luego apruébelo.")
            self._check_not_computed({name: value for name, value in vals.items() if name != "status"})
        return super().create(vals_list)

    def write(self, vals):
        self._check_not_computed(vals)
        if "folio" in vals:
            self._require_approver("corregir el folio de")
        for form in self:
            if "status" in vals and (form.status, vals["status"]) not in TRANSITIONS | {(form.status, form.status)}:
                raise UserError(messages.no_transition(form.period, form.status, vals["status"]))
            kept = set() if form.status in OPEN else KEPT_WHEN_APPROVED
            if form.status in FILED:
                kept = KEPT_WHEN_APPROVED | KEPT_WHEN_FILED
            if self.env.su and self.env.context.get("of_sii_extended"):
                kept -= {"due_date"}  # by the SII, see _follow_due_date; nobody gets here over RPC
            if kept & set(vals):
                raise UserError(messages.closed_form(form.period, form.version, form.status))
            if {"company_id", "period"} & set(vals) and form.line_ids:
                raise UserError(f"El F29 de {form.period} ya está calculado: su empresa y período no cambian.")
        return super().write(vals)

    def _check_not_computed(self, vals):
        written = COMPUTED & set(vals)
        if written and not self.env.su:
            raise AccessError(
                f"Los montos y el estado del F29 no se escriben, se calculan ({', '.join(sorted(written))})."
            )

    @api.model
    def _may(self, *groups):
        """Whether the user is in one of the F29's own groups: ``compute``, ``prepare``, ``approve``."""
        return self.env.su or any(self.env.user.has_group(f"of_sii_cl.group_f29_{group}") for group in groups)

    @api.model
    def _require_approver(self, what):
        """Raise AccessError (Spanish) unless the user may approve. ``what``: an infinitive, «aprobar»."""
        if not self._may("approve"):
            raise AccessError(f"Solo quien está en el grupo «F29: aprobar» puede {what} un F29.")

    @api.model
    def _require_preparer(self, what):
        """Raise AccessError (Spanish) unless the user may prepare. ``what``: an infinitive, «revisar»."""
        if not self._may("prepare"):
            raise AccessError(f"Solo quien está en el grupo «F29: preparar» puede {what} un F29.")

    @api.ondelete(at_uninstall=False)
    def _unlink_if_open(self):
        for form in self:
            if form.status not in OPEN:
                raise UserError(messages.closed_form(form.period, form.version, form.status))

    def _newest(self):
        """The newest version of the same company and period."""
        self.ensure_one()
        return self.search(
            [("company_id", "=", self.company_id.id), ("period", "=", self.period)], order="version desc", limit=1
        )

    def action_compute(self):
        for form in self:
            newest = form._newest()
            if form != newest:
                raise UserError(f"El F29 de {form.period} tiene una versión {newest.version}: calcule esa.")
            self.compute_period(form.company_id.id, form.period)
        return True
