from markupsafe import Markup
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Date, Datetime

from ..core import messages, workflow
from ..core import period as periods
from ..core.pesos import pesos
from .f29 import FILED


class OfSiiF29(models.Model):
    _inherit = "of.sii.f29"

    folio = fields.Char(string="Folio SII", readonly=True, copy=False, tracking=True, help="Código 07 as filed")
    filed_on = fields.Date(readonly=True, copy=False, tracking=True, help="Day of the filing at the SII")
    filed_at = fields.Datetime(string="Marked as filed at", readonly=True, copy=False)
    filed_by_id = fields.Many2one("res.users", string="Marked as filed by", readonly=True, copy=False)
    filed_total = fields.Monetary(string="Total as filed (91)", readonly=True, copy=False)
    filed_remanente = fields.Monetary(string="Carried forward as filed (77)", readonly=True, copy=False)
    filed_reason = fields.Char(string="Reason of the difference", readonly=True, copy=False)
    paid_on = fields.Date(readonly=True, copy=False, tracking=True)
    paid_at = fields.Datetime(string="Marked as paid at", readonly=True, copy=False)

    undoable = fields.Boolean(compute="_compute_today")
    overdue = fields.Boolean(compute="_compute_today")

    @api.depends("status", "filed_at", "paid_at", "due_date")
    def _compute_today(self):
        """What depends on Santiago's day: whether the last mark can be undone, whether the due date has passed."""
        today = periods.today_in_santiago(Datetime.now())
        for form in self:
            moment = {"filed": form.filed_at, "paid": form.paid_at}.get(form.status)
            form.undoable = bool(moment) and periods.today_in_santiago(moment) == today
            form.overdue = bool(form.due_date) and form.due_date < today and form.status not in FILED

    def action_approve(self):
        """Recompute and approve: True.

        Where recomputing changes a figure or brings a warning, nothing is approved: the answer is the action of a
        wizard that shows each código, old and new, and asks again.
        """
        self.ensure_one()
        self._require_approver("aprobar")
        changes = self._recomputed()
        if not changes:
            self._approve()
            return True
        return self.env["of.sii.f29.approve.wizard"].create({"f29_id": self.id, "changes": changes})._show()

    def _recomputed(self):
        """Recompute an open form that has been computed; what that changed, one line each, empty when nothing."""
        self.ensure_one()
        if self.status != "ready":
            raise UserError(messages.no_transition(self.period, self.status, "approved"))
        if self != self._newest():
            raise UserError(f"El F29 de {self.period} tiene una versión más nueva: apruebe esa.")
        before, warned = self._casillas(), set(self.warning_ids.mapped("message"))
        self.sudo()._recompute()
        lines = workflow.change_lines(before, self._casillas())
        lines += [f"Aviso: {warning.message}" for warning in self.warning_ids if warning.message not in warned]
        return "\n".join(lines)

    def _approve(self):
        self._check_ready_to_approve()
        form = self.sudo()
        form._keep_documents()
        form.write({"status": "approved"})

    def _check_ready_to_approve(self):
        """Raise UserError with every question and warning that stands between the form and its approval."""
        open_points = [f"• {question['message']}" for question in self.questions or []]
        open_points += [f"• {warning.message}" for warning in self._open_warnings()]
        if open_points:
            raise UserError(
                f"El F29 de {self.period} no se puede aprobar todavía. Responda lo que se pregunta, corrija lo que "
                "impide aprobar, y en los demás avisos escriba en «Revisado: motivo» por qué están bien:\n"
                + "\n".join(open_points)
            )

    def action_reopen(self):
        for form in self:
            form._require_approver("reabrir")
            form.sudo().write({"status": "ready"})
            form.sudo()._forget_documents()
        return True

    def action_ask_filing(self):
        """Ask for what was filed at the SII."""
        self.ensure_one()
        self._require_approver("declarar")
        wizard = self.env["of.sii.f29.file.wizard"].create(
            {"f29_id": self.id, "filed_total": self.total_to_pay, "filed_remanente": self.remanente}
        )
        return wizard._show()

    def action_file(self, folio=None, filed_on=None, filed_total=None, filed_remanente=None, reason=""):
        """Note that the form was filed at sii.cl, and seal it.

        ``folio``: código 07; ``filed_on``: day of the filing (date or YYYY-MM-DD); ``filed_total`` and
        ``filed_remanente``: 91 and 77 as filed in whole pesos, the form's own when not given; others need a ``reason``.
        Raises UserError (Spanish) for what is missing or does not fit, AccessError without the group.
        """
        self.ensure_one()
        self._require_approver("declarar")
        if self.status != "approved":
            raise UserError(messages.no_transition(self.period, self.status, "filed"))
        filed = {
            "folio": str(folio or "").strip(),
            "filed_on": Date.to_date(filed_on),
            "filed_total": self.total_to_pay if filed_total is None else filed_total,
            "filed_remanente": self.remanente if filed_remanente is None else filed_remanente,
            "filed_reason": (reason or "").strip() or False,
        }
        self._check_filed(filed)
        form = self.sudo()
        form.write({**filed, "status": "filed", "filed_at": Datetime.now(), "filed_by_id": self.env.uid})
        form._seal()
        return True

    def _check_filed(self, filed):
        if not filed["folio"] or not filed["filed_on"]:
            raise UserError(f"Para marcar el F29 de {self.period} como declarado faltan su folio y su fecha.")
        today = periods.today_in_santiago(Datetime.now())
        problems = [
            workflow.folio_error(filed["folio"]),
            workflow.filed_on_error(self.period, filed["filed_on"], today),
            workflow.unexplained(91, int(self.total_to_pay), int(filed["filed_total"]), filed["filed_reason"] or ""),
            workflow.unexplained(77, int(self.remanente), int(filed["filed_remanente"]), filed["filed_reason"] or ""),
        ]
        if any(problems):
            raise UserError("\n".join(filter(None, problems)))

    def action_pay(self, paid_on=None):
        """Note the payment. ``paid_on``: its day (date or YYYY-MM-DD), today when not given."""
        today = periods.today_in_santiago(Datetime.now())
        for form in self:
            form._require_approver("marcar como pagado")
            day = Date.to_date(paid_on) or today
            if not (form.filed_on or day) <= day <= today:
                raise UserError(f"El F29 de {form.period} no pudo pagarse el {day:%d-%m-%Y}.")
            form.sudo().write({"status": "paid", "paid_on": day, "paid_at": Datetime.now()})
        return True

    def action_undo(self):
        """Undo, on the same day only, that the form was marked as filed or as paid. The lock date stays."""
        for form in self:
            form._require_approver("deshacer lo marcado en")
            if form.status not in FILED:
                raise UserError(f"El F29 de {form.period} no está declarado ni pagado: no hay nada que deshacer.")
            if form.status == "paid":
                form._require_today("pagado")
                form.sudo().write({"status": "filed", "paid_on": False, "paid_at": False})
            else:
                form._require_today("declarado")
                form.sudo()._undo_filing()
        return True

    def _require_today(self, step):
        if not self.undoable:
            raise UserError(workflow.too_late_to_undo(self.period, step))

    def _undo_filing(self):
        if self.replaced_by_id or self._newest() != self:
            raise UserError(f"El F29 de {self.period} ya tiene una rectificatoria: elimínela o deshaga esa primero.")
        self._lift_seal()
        names = ("folio", "filed_on", "filed_at", "filed_by_id", "filed_total", "filed_remanente", "filed_reason")
        self.write({"status": "approved", **dict.fromkeys(names, False)})
        lock = self.company_id.tax_lock_date
        stays = f" El bloqueo de impuestos al {lock:%d-%m-%Y} se mantiene." if lock else ""
        self._message_log(body=Markup("<p>%s</p>") % f"Se deshizo la marca de declarado.{stays}")

    def action_export(self):
        """The other formats, as a dialog."""
        self.ensure_one()
        return self.env["of.sii.f29.export.wizard"].create({"f29_id": self.id})._show()

    def action_rectify(self):
        """A new version of a filed form, with its manual códigos and rates; it replaces the filed one when filed."""
        self.ensure_one()
        self._require_approver("rectificar")
        if self.status not in FILED or self != self._newest():
            raise UserError(f"Solo se rectifica la última versión declarada: el F29 de {self.period} no lo es.")
        version = self.sudo().copy({"version": self.version + 1, "replaces_id": self.id})
        for manual in self.sudo().input_ids:
            manual.copy({"f29_id": version.id})
        version._recompute()
        self._message_log(
            body=Markup("<p>%s</p>")
            % f"Se preparó la rectificatoria {version.name}; este F29, con {pesos(int(self.filed_total))}, rige hasta "
            "que ella se declare."
        )
        return version.sudo(False)._show()

    def _show(self):
        """Action that opens this form."""
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }
