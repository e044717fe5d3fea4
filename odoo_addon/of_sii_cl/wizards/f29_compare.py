from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core import codes

OUTCOMES = [
    ("refused", "Not read"),
    ("different", "Different"),
    ("only_ours", "Only in Odoo"),
    ("only_theirs", "Only in the file"),
    ("taken", "Taken from the file"),
    ("equal", "Equal"),
]
SOURCES = {"propuesta": "propuesta del SII", "filed": "formulario declarado", "own": "archivo de códigos"}
# What a difference of this código means, where it is no error of anybody.
NOTES = {563: "El SII divide el débito por 0,19: hasta 2 pesos son su redondeo."}


class OfSiiF29CompareWizard(models.TransientModel):
    _name = "of.sii.f29.compare.wizard"
    _inherit = "of.sii.f29.dialog"
    _description = "Compare an F29 with a file of the SII"

    f29_id = fields.Many2one("of.sii.f29", required=True, readonly=True, ondelete="cascade")
    filedata = fields.Binary(string="File", attachment=False, help="JSON of the SII, or CSV casilla,monto")
    filename = fields.Char()
    summary = fields.Text(readonly=True)
    line_ids = fields.One2many("of.sii.f29.compare.line", "compare_id", readonly=True)

    def action_compare(self):
        """Read the file, and show it beside the form."""
        self.ensure_one()
        if not self.filedata:
            raise UserError("Elija primero el archivo que se compara con este F29.")
        form = self.f29_id
        result = form.compare(form.company_id.id, form.period, form._text_of_file(self.filedata))
        self.line_ids.unlink()
        self.env["of.sii.f29.compare.line"]._write_result(result, {"compare_id": self.id})
        self.summary = summary_of(result)
        return self._show()


def summary_of(result):
    """One month's comparison in a line of Spanish."""
    if "error" in result:
        return result["error"]
    one_sided = {*result["only_ours"], *result["only_theirs"]}
    different = [code for code, row in result["codes"].items() if row["difference"] and code not in one_sided]
    parts = [
        _counted(result["equal"], "código igual", "códigos iguales"),
        _counted(len(different), "distinto", "distintos") + _listed(different),
    ]
    for side, where in (("only_ours", "solo en Odoo"), ("only_theirs", "solo en el archivo")):
        if result[side]:
            parts.append(f"{len(result[side])} {where}" + _listed(result[side]))
    if result.get("taken"):
        parts.append(_counted(len(result["taken"]), "tomado", "tomados") + " del archivo, porque solo usted lo sabe")
    if result["refused"]:
        parts.append(f"{len(result['refused'])} sin leer" + _listed([row["code"] for row in result["refused"]]))
    return f"{result['period']}, {SOURCES[result['source']]}: {'; '.join(parts)}."


def _counted(number, one, more):
    return f"{number} {one if number == 1 else more}"


def _listed(found):
    """`` (110, 111, ...)``, the first dozen; empty when there are none."""
    return f" ({', '.join(found[:12])}{' y otros' if len(found) > 12 else ''})" if found else ""


class OfSiiF29CompareLine(models.TransientModel):
    _name = "of.sii.f29.compare.line"
    _description = "Código of an F29 beside that of a file"
    _order = "period, rank, sequence, id"
    _rec_name = "code"

    compare_id = fields.Many2one("of.sii.f29.compare.wizard", ondelete="cascade", index=True)
    trial_id = fields.Many2one("of.sii.f29.trial.wizard", ondelete="cascade", index=True)
    period = fields.Char()
    rank = fields.Integer()
    sequence = fields.Integer()
    code = fields.Char(string="Código")
    glosa = fields.Char()
    ours = fields.Char(string="Odoo")
    theirs = fields.Char(string="In the file")
    difference = fields.Char()
    outcome = fields.Selection(OUTCOMES)

    @api.model
    def _write_result(self, result, owner):
        """The lines of one comparison, what differs first. ``owner``: the wizard's field and id."""
        ranks = {outcome: rank for rank, (outcome, _label) in enumerate(OUTCOMES)}
        rows = [
            {"code": row["code"], "glosa": row["reason"], "outcome": "refused", "period": result["period"]}
            for row in result["refused"]
        ]
        rows += [self._prepare_line(result, code, row) for code, row in result["codes"].items()]
        lines = [{"sequence": 0, **row, **owner, "rank": ranks[row["outcome"]]} for row in rows]
        return self.create(sorted(lines, key=lambda line: (line["rank"], line["sequence"])))

    @api.model
    def _prepare_line(self, result, code, row):
        known = codes.codes()[int(code)]
        text = {name: codes.amount_text(int(code), row[name]) for name in ("ours", "theirs", "difference")}
        note = NOTES.get(int(code)) if row["difference"] else None
        return {
            "period": result["period"],
            "sequence": known.sequence,
            "code": code,
            "glosa": f"{known.glosa}. {note}" if note else known.glosa,
            "outcome": self._outcome(result, code, row),
            **text,
            "difference": text["difference"] if row["difference"] else "",
        }

    @api.model
    def _outcome(self, result, code, row):
        if not row["difference"]:
            return "taken" if code in result.get("taken", ()) else "equal"
        for side in ("only_ours", "only_theirs"):
            if code in result[side]:
                return side
        return "different"
