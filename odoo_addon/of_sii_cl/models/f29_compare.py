import base64
import json

from odoo import api, models
from odoo.exceptions import UserError

from ..core import compare, formulas
from ..core import period as periods
from ..core.codes import PPM_RATE, codes
from ..core.remanente import carry
from ..core.rut import normalize_rut
from .f29_carry import CARRIED


class OfSiiF29(models.Model):
    _inherit = "of.sii.f29"

    @api.model
    def compare(self, company_id, period, content):
        """The SII's propuesta or a filed form, as the text of its file (core/compare.py), beside ours. Reads only.

        ``{"period", "source" (propuesta|filed|own), "rut", "codes": {"502": {"ours", "theirs", "difference"}},
        "equal": n, "only_ours": [...], "only_theirs": [...], "refused": [{"code", "reason"}]}``: whole pesos or
        documents, 115 a percent; ``difference`` is ours - theirs, and a código that a side does not have is 0 there.
        Ours is the newest computed version of the form, what the entries give now when there is none. Raises UserError
        (Spanish) for a wrong, future or running period, a company as in compute_period, a text that is no form, and a
        form of another RUT or period.
        """
        self._require_reader()
        company = self._company_to_declare(company_id)
        self._require_ended(period)
        rut = normalize_rut(company.sudo().partner_id.vat)
        try:
            given = compare.parse_of(self._given_text(content), rut, period)
        except ValueError as error:
            raise UserError(str(error)) from error
        form = self.sudo().search(
            [("company_id", "=", company.id), ("period", "=", period), ("status", "!=", "draft")],
            order="version desc",
            limit=1,
        )
        ours = form._casillas() if form else self._try_month(company, period).casillas()
        result = compare.side_by_side(ours, given)
        return {"period": period, "source": given.source, "rut": rut, **result, "refused": given.refused}

    @api.model
    def try_filed(self, company_id, contents):
        """Past filed forms (texts of their files) beside what the entries of their months give. Writes nothing.

        What only a person knows is taken from the file (``taken``): the manual códigos, 115, and a remanente whose
        month before is not among the files or whose UTM is not known. One dict a file, by period: ``{"period",
        "source", "codes", "equal", "only_ours", "only_theirs", "refused", "taken"}``, as compare gives them, or
        ``{"period", "error"}`` for a file that cannot be set beside a month (one line in Spanish). Raises UserError for
        the company, as compute_period does.
        """
        self._require_reader()
        company = self._company_to_declare(company_id)
        rut = normalize_rut(company.sudo().partner_id.vat)
        months, answers = {}, []
        for content in contents:
            try:
                given = compare.parse_of(self._given_text(content), rut, None)
                self._require_ended(given.period)
            except (ValueError, UserError) as error:
                answers.append({"period": "", "error": str(error)})
                continue
            if given.period in months:
                answers.append({"period": "", "error": f"Hay dos archivos de {given.period}: se usó el primero."})
            else:
                months[given.period] = given
        answers += [self._beside_filed(company, period, months) for period in sorted(months)]
        return answers

    @api.model
    def _beside_filed(self, company, period, months):
        """One month of try_filed. ``months``: period -> compare.GivenForm, of every file."""
        given = months[period]
        known = codes()
        inputs = {code: amount for code, amount in given.codes.items() if known[code].source == "input"}
        carried = self._carried_from_filed(period, months.get(periods.shift(period, -1)))
        taken = set(inputs) | {code for code in CARRIED if code not in carried and given.codes.get(code)}
        carried = {code: given.codes.get(code, 0) for code in CARRIED} | carried
        ppm_rate = given.codes.get(PPM_RATE)
        if ppm_rate is not None:
            taken.add(PPM_RATE)
        form = self._try_month(company, period, inputs, carried, ppm_rate)
        result = compare.side_by_side(form.casillas(), given)
        shown = [str(code) for code in sorted(taken) if str(code) in result["codes"]]
        return {"period": period, "source": given.source, **result, "refused": given.refused, "taken": shown}

    @api.model
    def _carried_from_filed(self, period, before):
        """Código -> what the filed form of the month before (compare.GivenForm or None) leaves to this one."""
        if before is None:
            return {}
        months = [period, periods.shift(period, 1)]
        utm = self.env["of.sii.utm"].sudo()._values(months)
        carried = {code: before.codes.get(source, 0) for code, (source, _family) in CARRIED.items()}
        if carried[504] and all(utm.get(month) for month in months):
            carried[504] = carry(carried[504], *(utm[month] for month in months))
        elif carried[504]:
            del carried[504]
        return carried

    @api.model
    def _try_month(self, company, period, inputs=None, carried=None, ppm_rate=None):
        """What the entries of a month give now (formulas.Form), computed without a form and without writing.

        ``inputs`` and ``carried``: código -> whole pesos as in formulas.compute, ``carried`` from the form before when
        None; ``ppm_rate``: percent (Decimal), what a new form proposes when None.
        """
        form = self.sudo().with_company(company).new({"company_id": company.id, "period": period})
        ledger = form._ledger(form._resolved().rules)
        if carried is None:
            carried, _kept, _warnings = form._carry()
        rate = form._exact_ppm_rate() if ppm_rate is None else ppm_rate
        return formulas.compute(ledger.codes, inputs or {}, carried, rate)

    @api.model
    def _given_text(self, content):
        """Text of a form as a client gives it: text, or JSON that its library has read already."""
        return content if isinstance(content, str) else json.dumps(content)

    @api.model
    def _text_of_file(self, data):
        """Text of an uploaded file (base64): UTF-8, failing that as Excel saves it on Windows."""
        content = base64.b64decode(data or b"")
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            return content.decode("cp1252", errors="replace")

    def action_compare(self):
        """Ask for a file of the SII to set beside this form."""
        self.ensure_one()
        return self.env["of.sii.f29.compare.wizard"].create({"f29_id": self.id})._show()
