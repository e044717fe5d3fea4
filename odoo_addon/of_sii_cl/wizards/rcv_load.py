from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Datetime

from ..core import period as periods
from ..core.rcv import named_in


class OfSiiRcvLoadWizard(models.TransientModel):
    _name = "of.sii.rcv.load.wizard"
    _inherit = "of.sii.f29.dialog"
    _description = "Load the SII's register"

    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company)
    period = fields.Char(
        required=True,
        size=7,
        default=lambda self: periods.shift(f"{periods.today_in_santiago(Datetime.now()):%Y-%m}", -1),
        help="Tax month, YYYY-MM",
    )
    file_ids = fields.Many2many("ir.attachment", string="Files", help="CSV files as sii.cl gives them")
    result = fields.Text(readonly=True)

    def action_load(self):
        """Load the files, reconcile the month, and show what was read. All of the files or none."""
        self.ensure_one()
        if not self.file_ids:
            raise UserError("Falta elegir los archivos que descargó de sii.cl.")
        said, registers = [], self.env["of.sii.rcv"]
        labels = dict(registers._fields["section"]._description_selection(self.env))
        for file in self.file_ids:
            period = named_in(file.name)[1] or self.period
            if period != self.period:
                raise UserError(f"El archivo «{file.name}» es de {period} y este mes es {self.period}.")
            loaded = registers.load(self.company_id.id, self.period, file.name, file.datas)
            line = f"{labels[loaded['section']]}: {loaded['documents']} documentos en {loaded['rows']} líneas"
            if loaded["refused"]:
                line += f", {len(loaded['refused'])} líneas no leídas (vea el registro)"
            said.append(f"{line}.")
        # the register is kept by its documents: the files hold the same personal data a second time
        self.file_ids.sudo().unlink()
        said.append(self.env["of.sii.f29"].reconcile(self.company_id.id, self.period)["certificate"])
        self.result = "\n".join(said)
        return self._show()
