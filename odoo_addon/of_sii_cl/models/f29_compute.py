from decimal import Decimal

from markupsafe import Markup
from odoo import api, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Datetime

from ..core import formulas, messages
from ..core import period as periods
from ..core.codes import PPM_RATE, amount_text, exact
from ..core.rut import normalize_rut
from .f29 import FILED, OPEN


class OfSiiF29(models.Model):
    _inherit = "of.sii.f29"

    @api.model
    def compute_period(self, company_id, period):
        """Create or recompute the newest version of a company's form, in one call, and return it as plain data.

        ``{"id", "period", "rut", "company", "status", "version", "due_date" (YYYY-MM-DD), "ppm_rate" (text, percent),
        "casillas": {código as text: whole pesos or documents; 115 the rate}, "warnings": [messages.Warning],
        "movement", "questions": [questions.Question], "missing_inputs": [questions.MissingInput]}``. A branch's form is
        that of the company with its RUT. Recomputing without new data writes nothing. Raises UserError in Spanish, and
        writes nothing, for a wrong, future or running period, a company that does not exist, has no valid RUT, shares
        it with an unrelated one or is not in pesos, and a form that is approved, filed or paid.
        """
        if not self._may("compute"):
            raise AccessError("Solo quien está en el grupo «F29: calcular» puede calcular el F29.")
        company = self._company_to_declare(company_id)
        self._require_ended(period)
        # Whoever may compute needs no right on the entries, the map or the form's own records.
        forms = self.sudo().with_company(company)
        form = forms.search([("company_id", "=", company.id), ("period", "=", period)], order="version desc", limit=1)
        if form and form.status not in OPEN:
            raise UserError(messages.closed_form(period, form.version, form.status))
        if not form:
            form = forms.create({"company_id": company.id, "period": period})
        form._recompute()
        return form._as_data()

    @api.model
    def read_period(self, company_id, period):
        """The newest version of a company's form and the newest filed one, as compute_period gives them.

        ``{"newest": {...} or None, "filed": {...} or None}``. Reads only. Raises UserError for no period or company.
        """
        self._require_reader()
        company = self._company_to_declare(company_id)
        self._require_period(period)
        forms = self.sudo().search(
            [("company_id", "=", company.id), ("period", "=", period), ("status", "!=", "draft")], order="version desc"
        )
        filed = forms.filtered(lambda form: form.status in FILED)
        return {
            "newest": forms[0]._as_data() if forms else None,
            "filed": filed[0]._as_data() if filed else None,
        }

    @api.model
    def read_due_date(self, company_id, period):
        """When a company's form of a month is due (YYYY-MM-DD), also before there is one: then as if there is to pay.

        Reads only. Raises UserError for no period or company. Both dates at once: read_due_dates.
        """
        self._require_reader()
        company = self._company_to_declare(company_id)
        try:
            form = self.sudo().search([("company_id", "=", company.id), ("period", "=", period)], limit=1)
            return (form.due_date or self._due_date(company, period, has_payment=True)).isoformat()
        except ValueError as error:
            raise UserError(str(error)) from error

    @api.model
    def _require_reader(self):
        if not self._may("compute") and not self.env.user.has_group("account.group_account_readonly"):
            raise AccessError("Solo quien puede ver la contabilidad puede ver los documentos del F29.")

    @api.model
    def _company_to_declare(self, company_id):
        """The company that declares for this one (of a branch: its company), when it exists, is one of the user's, has
        a valid RUT of its own and its books in pesos."""
        company = self.env["res.company"].sudo().browse(company_id).exists() if company_id else None
        if not company:
            raise UserError(f"No existe la empresa con id {company_id}: revise la empresa del F29.")
        company = company._of_sii_declarant()
        if not self.env.su and company not in self.env.user.company_ids:
            raise AccessError(f"Su usuario no tiene acceso a la empresa «{company.name}»: pídalo a un administrador.")
        try:
            normalize_rut(company.partner_id.vat)
        except ValueError as error:
            raise UserError(f"La empresa «{company.name}» no tiene un RUT chileno válido: {error}") from error
        company._of_sii_check_declares()
        return self.env["res.company"].browse(company.id)

    @api.model
    def _require_period(self, period):
        """Raise UserError (Spanish) unless it is a month, YYYY-MM."""
        try:
            periods.first_day(period)
        except ValueError as error:
            raise UserError(str(error)) from error

    @api.model
    def _require_ended(self, period):
        try:
            periods.require_ended(period, periods.today_in_santiago(Datetime.now()))
        except ValueError as error:
            raise UserError(str(error)) from error

    def _recompute(self):
        self.ensure_one()
        company = self.company_id.sudo()
        resolved = self._resolved()
        ledger = self._ledger(resolved.rules)
        carried, kept, carry_warnings = self._carry()
        inputs = {manual.code: int(manual.amount) for manual in self.input_ids}
        form = formulas.compute(ledger.codes, inputs, carried, self._exact_ppm_rate())
        first_time = self.status == "draft"
        changes = self.env["of.sii.f29.line"]._refresh(self, form.casillas())
        values = {
            **kept,
            **self._month_values(ledger, form, self.browse(kept["previous_id"] or [])),
            "rut": normalize_rut(company.partner_id.vat),
            "company_name": company.name,
            "status": "ready",
            "iva_debito": form.values[538],
            "iva_credito": form.values[537],
            "iva_determinado": form.values[89],
            "remanente": form.values[77],
            "total_to_pay": form.values[91],
            "without_payment": not form.values[91],
            "warnings": self._warnings(ledger, resolved, form, carry_warnings),
        }
        self._write_changed(values)
        if changes and not first_time:
            self._note_changes(changes)
        self._computed(ledger)

    def _computed(self, ledger):
        """For what else is made of the entries just read."""

    def _write_changed(self, values):
        """Write only what differs, so that a recomputation without new data leaves no trace."""
        current = self._convert_to_write({name: self[name] for name in values})
        changed = {name: value for name, value in values.items() if (current[name] or 0) != (value or 0)}
        if changed:
            self.sudo().write(changed)

    def _note_changes(self, changes):
        items = Markup().join(
            Markup("<li>Código %s: %s → %s</li>") % (code, amount_text(code, old), amount_text(code, new))
            for code, old, new in changes
        )
        self._message_log(body=Markup("<p>Recalculado con datos nuevos:</p><ul>%s</ul>") % items)

    def _casillas(self):
        """Código -> whole pesos or documents, as stored; 115 is a Decimal."""
        return {line.code: exact(line.code, line.amount) for line in self.line_ids.sorted("code")}

    def _as_data(self):
        self.ensure_one()
        return {
            "id": self.id,
            "period": self.period,
            "rut": self.rut,
            "company": self.company_name,
            "status": self.status,
            "version": self.version,
            "due_date": self.due_date.isoformat(),
            "ppm_rate": messages.rate_text(Decimal(str(self.ppm_rate))),
            "casillas": {
                str(code): float(amount) if code == PPM_RATE else amount for code, amount in self._casillas().items()
            },
            "warnings": self.warnings or [],
            **self._month_data(),
        }
