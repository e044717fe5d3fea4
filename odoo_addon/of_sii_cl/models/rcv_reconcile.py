import json

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core import period as periods
from ..core import rcv_codes, reconcile, reconciliation
from ..core.codes import PPM_RATE
from .rcv_reconciliation import SEES_DOCUMENTS

# The sections that are compared with the form; the others only say why a document is not in it.
COUNTED = ("sales", "purchases", "summary", "honorarios")
KEEP_DIFFERENCES = """
    INSERT INTO of_sii_rcv_difference (
        reconciliation_id, company_id, kind, direction, type, folio, rut, name, date, odoo, sii, cause, move_id,
        line_id)
    SELECT %(reconciliation)s, %(company)s, given.kind, given.direction, given.type, given.folio, given.rut, given.name,
           nullif(given.date, '')::date, given.odoo, given.sii, given.cause, given.move_id, given.line_id
      FROM json_to_recordset(%(rows)s) AS given(
               kind text, direction text, type text, folio text, rut text, name text, date text, odoo numeric,
               sii numeric, cause text, move_id int, line_id int)
"""
BOLETAS = """
    SELECT 1
      FROM account_move m
      JOIN l10n_latam_document_type t ON t.id = m.l10n_latam_document_type_id
     WHERE m.company_id = ANY(%(companies)s) AND m.state = 'posted' AND m.move_type IN ('out_invoice', 'out_receipt')
       AND m.invoice_date >= %(first)s AND m.invoice_date < %(until)s AND t.code IN ('35', '38', '39', '41')
     LIMIT 1
"""


class OfSiiF29(models.Model):
    _inherit = "of.sii.f29"

    reconciliation_id = fields.Many2one("of.sii.rcv.reconciliation", compute="_compute_reconciliation")
    reconciled_at = fields.Datetime(compute="_compute_reconciliation")
    certified = fields.Boolean(compute="_compute_reconciliation")
    certificate = fields.Text(compute="_compute_reconciliation")
    register_ids = fields.Many2many("of.sii.rcv", string="Loaded registers", compute="_compute_reconciliation")
    reconciled_code_ids = fields.Many2many(
        "of.sii.rcv.code", string="Códigos side by side", compute="_compute_reconciliation"
    )
    # Documents with their names: computed apart, so that who may not see them still reads the rest.
    difference_ids = fields.Many2many(
        "of.sii.rcv.difference",
        string="Documents that differ",
        compute="_compute_reconciled_documents",
        groups=SEES_DOCUMENTS,
    )
    pending_line_ids = fields.Many2many(
        "of.sii.rcv.line",
        string="Purchases pending in the SII",
        compute="_compute_reconciled_documents",
        groups=SEES_DOCUMENTS,
    )
    has_vouchers = fields.Boolean(compute="_compute_reconciliation")
    has_differences = fields.Boolean(compute="_compute_reconciliation")
    has_pending = fields.Boolean(compute="_compute_reconciliation")

    @api.depends("company_id", "period", "input_ids")
    def _compute_reconciliation(self):
        for form in self:
            month = [("company_id", "=", form.company_id.id), ("period", "=", form.period)]
            registers = self.env["of.sii.rcv"].search(month)
            last = self.env["of.sii.rcv.reconciliation"].search(month, limit=1)
            form.reconciliation_id = last
            form.register_ids = registers
            form.has_vouchers = bool(form._proposed_vouchers())
            form.has_differences = bool(last.sudo().difference_ids)
            form.has_pending = any(one.section == "pending" and one.documents for one in registers)
            form.reconciled_at = last.reconciled_at
            form.reconciled_code_ids = last.code_ids
            form.certificate, form.certified = last.certificate, last.certified
            if not registers:
                form.certificate, form.certified = "No hay registro del SII cargado para este mes.", False
            elif not last or max(registers.mapped("loaded_at")) > last.reconciled_at:
                form.certificate, form.certified = "Se cargó un registro y falta conciliar: pulse «Conciliar».", False

    @api.depends("company_id", "period")
    def _compute_reconciled_documents(self):
        for form in self:
            month = [("company_id", "=", form.company_id.id), ("period", "=", form.period)]
            form.difference_ids = self.env["of.sii.rcv.reconciliation"].search(month, limit=1).difference_ids
            form.pending_line_ids = self.env["of.sii.rcv"].search([*month, ("section", "=", "pending")]).line_ids

    @api.model
    def reconcile(self, company_id, period):
        """Compare a month's documents and códigos with the SII's register, keep the result for the form, and return it.

        ``{"equal": documents, "differences": [core.reconcile.Difference], "codes": {código as text: {"odoo", "rcv",
        "difference"}}, "certified", "certificate" (Spanish), "missing": [sections to load]}``. Documents meet by
        direction, type, RUT and folio; boletas and vouchers by their total in the summary. Only what is loaded is
        compared. Who is no accountant, as the robot, gets neither names nor RUTs of natural persons. Raises UserError
        (Spanish) where no register is loaded, and as compute_period does for the company.
        """
        self._require_reader()
        company = self._company_to_declare(company_id)
        self._require_period(period)
        registers = self._registers(company, period)
        if not registers:
            raise UserError(
                f"No hay registro del SII de {period} para «{company.name}»: cárguelo en «Cargar el registro del SII»."
            )
        answer = registers._form()._reconcile(registers)
        if not self.env["of.sii.rcv.reconciliation"]._sees_documents():
            answer["differences"] = [reconciliation.without_names(row) for row in answer["differences"]]
        return answer

    @api.model
    def _registers(self, company, period):
        """What is loaded of a month and counts for its form (sudo)."""
        return (
            self.env["of.sii.rcv"]
            .sudo()
            .search([("company_id", "=", company.id), ("period", "=", period), ("section", "in", COUNTED)])
        )

    def action_ask_register(self):
        """Ask for the files of this form's month."""
        self.ensure_one()
        self._require_preparer("cargar el registro del SII de")
        wizard = self.env["of.sii.rcv.load.wizard"].create(
            {"f29_id": self.id, "company_id": self.company_id.id, "period": self.period}
        )
        return wizard._show()

    def action_reconcile(self):
        """Compare with the register now."""
        for form in self:
            self.reconcile(form.company_id.id, form.period)
        return True

    def _computed(self, ledger):
        result = super()._computed(ledger)
        registers = self._registers(self.company_id, self.period)
        if registers:
            self._reconcile(registers, ledger)
        return result

    def _reconcile(self, registers, ledger=None):
        """``ledger``: what the entries say, where that was just asked."""
        self.ensure_one()
        company, period = self.company_id, self.period
        odoo = self._codes_of_odoo(ledger)
        boletas = self._has_boletas()
        matched = reconcile.differing_codes(odoo, registers._casillas(), self._compared(registers, boletas))
        # where no código tells kinds of IVA apart, the documents need not be asked for theirs
        by_class = any(pair[0] != pair[1] for code, pair in matched.items() if code in rcv_codes.KINDS_OF_IVA)
        equal, found = self._match(registers, by_class)
        today = periods.today_in_santiago(fields.Datetime.now())
        differences = [reconcile.difference(one, period, today) for one in found]
        missing = self._missing(registers, odoo, boletas)
        refused = sum(registers.mapped("refused_count"))
        certified, said = reconcile.certificate(
            equal, differences, matched, self._form_against(odoo, matched), missing, refused
        )
        self._keep_reconciliation(company, period, equal, differences, matched, certified, said)
        return {
            "equal": equal,
            "differences": differences,
            "codes": {
                str(code): {"odoo": ours, "rcv": theirs, "difference": ours - theirs}
                for code, (ours, theirs) in matched.items()
            },
            "certified": certified,
            "certificate": said,
            "missing": missing,
        }

    def _codes_of_odoo(self, ledger=None):
        """Código -> whole pesos or documents: of an open form the entries and what a person entered, else the form."""
        if self._origin and self._is_sealed():
            return {code: int(amount) for code, amount in self._casillas().items() if code != PPM_RATE}
        odoo = dict((ledger or self._ledger(self._resolved().rules)).codes)
        for manual in self.input_ids:
            odoo[manual.code] = odoo.get(manual.code, 0) + int(manual.amount)
        return odoo

    def _form_against(self, odoo, matched):
        """Código -> (form, Odoo) where the computed form says something else than the entries; None without a form."""
        if not self._origin or self.status == "draft":
            return None
        lines = self._casillas()
        pairs = {
            code: (int(lines.get(code, 0)), reconcile.as_the_form_says(code, odoo.get(code, 0))) for code in matched
        }
        return {code: pair for code, pair in pairs.items() if pair[0] != pair[1]}

    def _has_boletas(self):
        first, until = periods.month_bounds(self.period)
        self.env.cr.execute(BOLETAS, {"companies": self._companies().ids, "first": first, "until": until})
        return bool(self.env.cr.fetchone())

    def _compared(self, registers, boletas):
        """The códigos that the loaded sections can tell."""
        sections = registers.mapped("section")
        compared = {code for section in sections for code in rcv_codes.GIVEN_BY[section]}
        if "sales" not in sections or (boletas and "summary" not in sections):
            compared -= rcv_codes.WITH_SUMMARY
        return compared

    def _missing(self, registers, odoo, boletas):
        """Sections that the month needs and that are not loaded."""
        loaded = set(registers.mapped("section"))
        needed = ["sales", "purchases"]
        needed += ["summary"] if boletas or odoo.get(759) else []
        needed += ["honorarios"] if odoo.get(rcv_codes.FEES) else []
        return [section for section in needed if section not in loaded]

    @api.model
    def _keep_reconciliation(self, company, period, equal, differences, matched, certified, said):
        kept = self.env["of.sii.rcv.reconciliation"].sudo()
        self.env.cr.execute("SELECT pg_advisory_xact_lock(hashtext('of_sii_rcv'), %s)", [company.id])
        kept.search([("company_id", "=", company.id), ("period", "=", period)]).unlink()
        last = kept.create(
            {
                "company_id": company.id,
                "period": period,
                "reconciled_at": fields.Datetime.now(),
                "certified": certified,
                "certificate": said,
                "equal": equal,
                "code_ids": [
                    (
                        0,
                        0,
                        {
                            "company_id": company.id,
                            "sequence": sequence,
                            "code": code,
                            "odoo": ours,
                            "rcv": theirs,
                            "difference": ours - theirs,
                        },
                    )
                    for sequence, (code, (ours, theirs)) in enumerate(matched.items())
                ],
            }
        )
        self.env.flush_all()
        self.env.cr.execute(
            KEEP_DIFFERENCES,
            {"reconciliation": last.id, "company": company.id, "rows": json.dumps(differences)},
        )
        self.env.invalidate_all()

    def _proposed_vouchers(self):
        """Código -> amount that the loaded summary gives for vouchers (48) and nobody entered: 758, 759 and their net
        in 563. Empty for a closed form, or once any of 758 and 759 was entered."""
        if not self._origin or self.status not in ("draft", "ready"):
            return {}
        summary = self._registers(self.company_id, self.period).filtered(lambda one: one.section == "summary")
        vouchers = summary.line_ids.filtered(lambda line: line.type == "48")
        if not vouchers or {758, 759} & set(self.input_ids.mapped("code")):
            return {}
        given = {
            758: sum(vouchers.mapped("documents")),
            759: int(sum(vouchers.mapped("vat"))),
            563: int(sum(vouchers.mapped("net")) + sum(vouchers.mapped("exempt"))),
        }
        if 563 in self.input_ids.mapped("code"):
            del given[563]
        return {code: amount for code, amount in given.items() if amount}

    def action_take_vouchers(self):
        """Enter the vouchers of the SII's summary as manual códigos and recompute."""
        for form in self:
            form._require_preparer("ingresar códigos en")
            given = form._proposed_vouchers()
            if not given:
                raise UserError("El resumen del SII no trae comprobantes de pago (48) por ingresar en este F29.")
            form.input_ids = [
                (0, 0, {"code": code, "amount": amount, "note": "Comprobantes de pago (48) del resumen del SII"})
                for code, amount in given.items()
            ]
            form.action_compute()
        return True
