from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Datetime

from ..core import period as periods
from ..core.rcv import named_in


class OfSiiRcvLoadWizard(models.TransientModel):
    _name = "of.sii.rcv.load.wizard"
    _inherit = "of.sii.f29.dialog"
    _description = "Load the SII's register"

    f29_id = fields.Many2one("of.sii.f29", readonly=True, ondelete="cascade")
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
        """Load the files, reconcile the month, and tell what was read. All of the files or none.

        Asked for by a form it closes, for the form shows what came of it; lines that were not read keep it open.
        """
        self.ensure_one()
        if not self.file_ids:
            raise UserError("Falta elegir los archivos que descargó de sii.cl.")
        said, refused, registers = [], 0, self.env["of.sii.rcv"]
        labels = dict(registers._fields["section"]._description_selection(self.env))
        for file in self.file_ids:
            period = named_in(file.name)[1] or self.period
            if period != self.period:
                raise UserError(f"El archivo «{file.name}» es de {period} y este mes es {self.period}.")
            loaded = registers.load(self.company_id.id, self.period, file.name, file.datas)
            line = f"{labels[loaded['section']]}: {_count(loaded['documents'], 'documento')}"
            line += f" en {_count(loaded['rows'], 'línea')}"
            if loaded["refused"]:
                line += f", {_count(len(loaded['refused']), 'línea no leída', 'líneas no leídas')} (vea el registro)"
            refused += len(loaded["refused"])
            said.append(f"{line}.")
        # the register is kept by its documents: the files hold the same personal data a second time
        self.file_ids.sudo().unlink()
        reconciled = self.env["of.sii.f29"].reconcile(self.company_id.id, self.period)
        if self.f29_id.period == self.period and not refused:
            return self._close_and_tell(" ".join(said))
        said.append(reconciled["certificate"])
        self.result = "\n".join(said)
        return self._show()

    def _close_and_tell(self, message):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"message": message, "type": "success", "next": {"type": "ir.actions.act_window_close"}},
        }


def _count(number, one, many=""):
    return f"{number} {one if number == 1 else many or one + 's'}"
