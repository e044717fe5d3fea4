from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..core import messages
from ..core import period as periods
from ..core.due_date import due_date

STATUSES = [
    ("draft", "Draft"),
    ("ready", "Computed"),
    ("approved", "Approved"),
    ("filed", "Filed"),
    ("paid", "Paid"),
]
OPEN = ("draft", "ready")
# status -> those it may become, and whether that needs an accounting administrator
TRANSITIONS = {
    ("draft", "ready"): False,
    ("ready", "approved"): True,
    ("approved", "ready"): True,
    ("approved", "filed"): False,
    ("filed", "paid"): False,
}


# What only the computation writes: a person may not, over RPC either.
COMPUTED = {
    *("version", "rut", "line_ids", "warnings", "without_payment"),
    *("iva_debito", "iva_credito", "iva_determinado", "remanente", "total_to_pay"),
    *("previous_id", "utm_then", "utm_now"),
    *("questions", "missing_inputs", "movement", "bhe_basis"),
}


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
    status = fields.Selection(STATUSES, required=True, default="draft", readonly=True, copy=False, tracking=True)
    line_ids = fields.One2many("of.sii.f29.line", "f29_id", string="Códigos", readonly=True, copy=False)
    input_ids = fields.One2many("of.sii.f29.input", "f29_id", string="Manual códigos")
    iva_debito = fields.Monetary(string="Total debits (538)", readonly=True, copy=False)
    iva_credito = fields.Monetary(string="Total credits (537)", readonly=True, copy=False)
    iva_determinado = fields.Monetary(string="IVA to pay (89)", readonly=True, copy=False)
    remanente = fields.Monetary(string="Credit carried forward (77)", readonly=True, copy=False)
    total_to_pay = fields.Monetary(string="Total to pay (91)", readonly=True, copy=False, tracking=True)
    without_payment = fields.Boolean(default=True, readonly=True, copy=False)
    previous_id = fields.Many2one("of.sii.f29", string="Previous form", readonly=True, copy=False)
    utm_then = fields.Integer(string="UTM when the previous form was due", readonly=True, copy=False)
    utm_now = fields.Integer(string="UTM when this form is due", readonly=True, copy=False)
    due_date = fields.Date(
        compute="_compute_due_date",
        store=True,
        readonly=False,
        tracking=True,
        help="Computed from the period, the due day of the company and the holidays. SII extends dates: edit it then.",
    )
    folio = fields.Char(string="Folio SII", copy=False, tracking=True, help="Código 07 of the filed form")
    warnings = fields.Json(readonly=True, copy=False)
    warning_text = fields.Text(string="Warning text", compute="_compute_warning_text")
    has_warnings = fields.Boolean(compute="_compute_warning_text")

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
            form.name = f"F29 {form.period}" + (f" v{form.version}" if form.version > 1 else "")

    @api.depends("company_id.of_sii_due_day", "period", "without_payment")
    def _compute_due_date(self):
        for form in self:
            if form.status not in OPEN:
                form.due_date = form.due_date
                continue
            try:
                year = periods.first_day(periods.shift(form.period, 1)).year
            except ValueError:
                form.due_date = False
                continue
            holidays = self.env["of.sii.holiday"]._dates_of_year(year)
            payment_day = int(form.company_id.of_sii_due_day or 20)
            form.due_date = due_date(form.period, payment_day, not form.without_payment, holidays)

    @api.depends("warnings")
    def _compute_warning_text(self):
        for form in self:
            form.warning_text = "\n".join(f"• {warning['message']}" for warning in form.warnings or [])
            form.has_warnings = bool(form.warnings)

    @api.constrains("period")
    def _check_period(self):
        for form in self:
            try:
                periods.first_day(form.period)
            except ValueError as error:
                raise ValidationError(str(error)) from error

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_not_computed(vals)
            if vals.get("status", "draft") != "draft":
                raise UserError("Un F29 nuevo empieza en «Borrador»: calcúlelo y luego apruébelo.")
        return super().create(vals_list)

    def write(self, vals):
        self._check_not_computed(vals)
        if "status" in vals:
            self._check_transition(vals["status"])
        for form in self:
            if {"due_date", "company_id", "period", "input_ids"} & set(vals) and form.status in ("filed", "paid"):
                raise UserError(messages.closed_form(form.period, form.version, form.status))
            if {"company_id", "period"} & set(vals) and form.line_ids:
                raise UserError(f"El F29 de {form.period} ya está calculado: su empresa y período no cambian.")
        return super().write(vals)

    def _check_not_computed(self, vals):
        written = COMPUTED & set(vals)
        if written and not self.env.su:
            raise AccessError(f"Los montos del F29 se calculan, no se escriben ({', '.join(sorted(written))}).")

    def _check_transition(self, status):
        for form in self.filtered(lambda form: form.status != status):
            if (form.status, status) not in TRANSITIONS:
                raise UserError(messages.no_transition(form.period, form.status, status))
            if TRANSITIONS[form.status, status]:
                self._require_manager()

    @api.model
    def _require_manager(self):
        if not self._has_group("manager"):
            raise AccessError("Solo un administrador contable puede aprobar o reabrir un F29.")

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

    def action_approve(self):
        return self.write({"status": "approved"})

    def action_reopen(self):
        return self.write({"status": "ready"})

    def action_file(self):
        return self.write({"status": "filed"})

    def action_pay(self):
        return self.write({"status": "paid"})

    def action_rectify(self):
        """A new version of a filed form, with the same manual códigos; it replaces the filed one when it is filed."""
        self.ensure_one()
        self._require_manager()
        if self.status not in ("filed", "paid") or self != self._newest():
            raise UserError(f"Solo se rectifica la última versión declarada: el F29 de {self.period} no lo es.")
        version = self.sudo().copy({"version": self.version + 1}).sudo(False)
        for manual in self.input_ids:
            manual.copy({"f29_id": version.id})
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": version.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    def action_export(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": _("Export F29"),
            "res_model": "of.sii.f29.export.wizard",
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_f29_id": self.id},
        }
