from odoo import fields, models
from odoo.exceptions import UserError

from .f29_compare import summary_of


class OfSiiF29TrialWizard(models.TransientModel):
    """Months that were declared before this add-on came, computed from the entries beside what was filed.

    Nothing stays: no form is made, and the files go with the dialog.
    """

    _name = "of.sii.f29.trial.wizard"
    _inherit = "of.sii.f29.dialog"
    _description = "Try it with your declared months"

    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company)
    file_ids = fields.Many2many("ir.attachment", string="Filed forms")
    summary = fields.Text(readonly=True)
    line_ids = fields.One2many("of.sii.f29.compare.line", "trial_id", readonly=True)

    def action_try(self):
        """Compute the months of the files, and show each beside what was filed."""
        self.ensure_one()
        if not self.file_ids:
            raise UserError("Suelte primero los formularios declarados: un archivo por mes, en JSON o CSV.")
        forms = self.env["of.sii.f29"]
        results = forms.try_filed(self.company_id.id, [forms._text_of_file(file.datas) for file in self.file_ids])
        self.line_ids.unlink()
        for result in results:
            if "error" not in result:
                self.env["of.sii.f29.compare.line"]._write_result(result, {"trial_id": self.id})
        self.summary = "\n".join(summary_of(result) for result in results)
        self._forget_files()
        return self._show()

    def _forget_files(self):
        self.file_ids.sudo().unlink()

    def unlink(self):
        """With the dialog, which Odoo removes by itself, go files that were dropped and never read."""
        self._forget_files()
        return super().unlink()
