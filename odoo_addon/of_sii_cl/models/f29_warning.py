from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Datetime

from ..core import messages
from .f29 import OPEN


class OfSiiF29Warning(models.Model):
    _name = "of.sii.f29.warning"
    _description = "F29 warning"
    _order = "acknowledged, blocks desc, id"
    _rec_name = "message"

    f29_id = fields.Many2one("of.sii.f29", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="f29_id.company_id", store=True)
    code = fields.Char(required=True, readonly=True)
    key = fields.Char(required=True, readonly=True, help="What the warning is about; the same at every computation.")
    figure = fields.Char(readonly=True, help="Changes when what the warning found changes.")
    message = fields.Text(required=True, readonly=True)
    blocks = fields.Boolean(string="Prevents approval", readonly=True)
    reason = fields.Char(string="Reviewed: reason", help="Why the form is right all the same. Quiet while unchanged.")
    acknowledged = fields.Boolean(readonly=True)
    acknowledged_by_id = fields.Many2one("res.users", string="Reviewed by", readonly=True)
    acknowledged_at = fields.Datetime(string="Reviewed at", readonly=True)

    if hasattr(models, "Constraint"):
        _key_uniq = models.Constraint("unique(f29_id, key)", "A form has each warning once.")
    else:
        _sql_constraints = [("key_uniq", "unique(f29_id, key)", "A form has each warning once.")]

    def write(self, vals):
        """A person writes the reason, and with it acknowledges; everything else is the computation's."""
        if set(vals) != {"reason"}:
            if not self.env.su:
                raise AccessError("De un aviso del F29 solo se escribe el motivo por el que está bien.")
            return super().write(vals)
        self._check_reviewer()
        reason = (vals["reason"] or "").strip()
        return super(OfSiiF29Warning, self.sudo()).write(
            {
                "reason": reason,
                "acknowledged": bool(reason),
                "acknowledged_by_id": self.env.uid if reason else False,
                "acknowledged_at": Datetime.now() if reason else False,
            }
        )

    def _check_reviewer(self):
        """Raise unless the user may prepare these forms, they are open, and the warnings can be acknowledged."""
        self.read(["key"])  # the rules of the user's companies
        for form in self.f29_id:
            form._require_preparer("revisar los avisos de")
            if form.status not in OPEN:
                raise UserError(messages.closed_form(form.period, form.version, form.status))
        for warning in self.filtered("blocks"):
            raise UserError(f"Este aviso impide aprobar y no basta un motivo, hay que corregirlo: {warning.message}")

    def action_acknowledge(self, reason):
        """Acknowledge these warnings with a reason."""
        return self.write({"reason": reason})

    def _renew(self, values):
        """Take what the computation found again; a different figure undoes the acknowledgement."""
        changed = {name: value for name, value in values.items() if (self[name] or "") != (value or "")}
        if "figure" in changed or changed.get("blocks"):
            changed |= {"reason": False, "acknowledged": False, "acknowledged_by_id": False, "acknowledged_at": False}
        if changed:
            self.write(changed)


class OfSiiF29(models.Model):
    _inherit = "of.sii.f29"

    warning_ids = fields.One2many("of.sii.f29.warning", "f29_id", string="Warnings", copy=False)
    has_warnings = fields.Boolean(compute="_compute_has_warnings")
    warning_text = fields.Text(string="Warning text", compute="_compute_has_warnings")

    @api.depends("warning_ids.acknowledged", "warning_ids.message")
    def _compute_has_warnings(self):
        for form in self:
            standing = form._open_warnings()
            form.has_warnings = bool(standing)
            form.warning_text = "\n".join(f"• {warning.message}" for warning in standing)

    def _open_warnings(self):
        """Warnings that block, and those that nobody has acknowledged."""
        return self.warning_ids.filtered(lambda warning: warning.blocks or not warning.acknowledged)

    def _recompute(self):
        result = super()._recompute()
        self._refresh_warnings(self.warnings or [])
        return result

    def _refresh_warnings(self, found):
        """Keep one record a finding. One that says something new has to be acknowledged again."""
        self.ensure_one()
        known = {warning.key: warning for warning in self.sudo().warning_ids}
        missing = []
        for warning in found:
            values = {
                "code": warning["code"],
                "key": warning["key"],
                "figure": warning["figure"],
                "message": warning["message"],
                "blocks": warning["blocks"],
            }
            record = known.pop(values["key"], None)
            if record is None:
                missing.append({"f29_id": self.id, **values})
            else:
                record._renew(values)
        for gone in known.values():
            gone.unlink()
        self.env["of.sii.f29.warning"].sudo().create(missing)

    def _as_data(self):
        acknowledged = [
            {
                "code": warning.code,
                "message": warning.message,
                "key": warning.key,
                "figure": warning.figure or "",
                "blocks": warning.blocks,
                "acknowledged": warning.acknowledged,
            }
            for warning in self.warning_ids.sorted("id")
        ]
        return super()._as_data() | {"warnings": acknowledged}
