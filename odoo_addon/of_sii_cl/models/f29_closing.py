from markupsafe import Markup
from odoo import fields, models
from odoo.exceptions import UserError

from ..core import closing
from ..core import period as periods
from ..core.pesos import pesos
from .f29_rules import FEES

# What the form's own documents left on the accounts of their taxes, by código. From the rows kept at the approval, so
# that what is posted afterwards is in no closing entry.
BOOKED = """
    SELECT r.code, l.account_id, sum(l.balance)::bigint, bool_or(r.shared)
      FROM of_sii_f29_document d
      JOIN account_move m ON m.id = d.move_id
      JOIN account_move_line l ON l.move_id = m.id
      JOIN unnest(%(tax)s::int[], %(document_type)s::int[], %(direction)s::int[], %(code)s::int[], %(shared)s::bool[])
           AS r(tax, document_type, direction, code, shared)
        ON r.tax = l.tax_line_id AND r.document_type = m.l10n_latam_document_type_id
       AND r.direction = CASE WHEN d.direction = 'sale' THEN 2 ELSE 1 END
     WHERE d.f29_id = %(form)s AND d.reason = 'month'
     GROUP BY r.code, l.account_id
"""
# Fees declared by their payment: the part declared, on the account of the receipt's withholding.
BOOKED_FEES = """
    SELECT c.code, withheld.account_id, -sum(c.amount)::bigint, FALSE
      FROM of_sii_f29_document d
      JOIN of_sii_f29_document_code c ON c.document_id = d.id
      JOIN LATERAL (SELECT l.account_id FROM account_move_line l
                     WHERE l.move_id = d.move_id AND l.tax_line_id = ANY(%(fee_taxes)s)
                     ORDER BY abs(l.balance) DESC, l.id LIMIT 1) withheld ON TRUE
     WHERE d.f29_id = %(form)s AND d.reason = 'payment'
     GROUP BY c.code, withheld.account_id
"""


class OfSiiF29(models.Model):
    _inherit = "of.sii.f29"

    # Only for who sees the entries: the robot does not.
    closing_move_ids = fields.One2many(
        "account.move", "of_sii_f29_id", readonly=True, copy=False, groups="account.group_account_readonly"
    )
    closing_move_id = fields.Many2one(
        "account.move",
        string="Closing entry",
        compute="_compute_closing_move_id",
        groups="account.group_account_readonly",
    )
    paid_by_payment = fields.Boolean(
        readonly=True, copy=False, help="Paid by itself: the closing entry's payable is reconciled."
    )

    def _compute_closing_move_id(self):
        for form in self:
            form.closing_move_id = form.sudo()._closing_entry()

    def write(self, vals):
        result = super().write(vals)
        if "due_date" in vals:
            for form in self.sudo():
                form._date_closing(form._closing_entry())
        return result

    def _date_closing(self, entry):
        """The payable of a draft entry is due with the form; a posted one stays as it is."""
        if entry.state == "draft":
            due = entry.line_ids.filtered(lambda line: line.of_sii_f29_code == closing.TOTAL_TO_PAY)
            due.date_maturity = self.due_date

    def _closing_entry(self):
        """The form's closing entry, draft or posted; none when there is none or it was cancelled."""
        return self.closing_move_ids.filtered(lambda move: move.state != "cancel")[:1]

    def _approve(self):
        result = super()._approve()
        self.sudo()._book_closing()
        return result

    def action_reopen(self):
        result = super().action_reopen()
        for form in self.sudo():
            form._drop_closing()
        return result

    def action_file(self, *args, **kwargs):
        result = super().action_file(*args, **kwargs)
        self.sudo()._post_closing()
        return result

    def _undo_filing(self):
        entry = self._closing_entry()
        if entry.state == "posted" and entry.line_ids.matched_debit_ids | entry.line_ids.matched_credit_ids:
            raise UserError(
                f"El asiento de cierre {entry.name} del F29 de {self.period} está conciliado con un pago: deshaga esa "
                "conciliación y luego la declaración."
            )
        result = super()._undo_filing()
        if entry.state == "posted":
            entry.button_draft()
        return result

    def _book_closing(self):
        """Make the draft closing entry where the company wants one and the form has none."""
        self.ensure_one()
        company = self.company_id
        if not company.of_sii_closing_entry or self._closing_entry():
            return
        lines = self._closing_lines()
        if not lines:
            return
        company._of_sii_require_closing()
        entry = (
            self.env["account.move"]
            .with_company(company)
            .create(
                {
                    "move_type": "entry",
                    "company_id": company.id,
                    "journal_id": company.of_sii_closing_journal_id.id,
                    "date": periods.last_day(self.period),
                    "ref": self.name,
                    "of_sii_f29_id": self.id,
                    "line_ids": self._prepare_closing_lines(lines),
                }
            )
        )
        self._keep_out_of_locks(entry)
        self._message_log(
            body=Markup("<p>%s</p>")
            % f"Asiento de cierre en borrador al {entry.date:%d-%m-%Y}; se publica al declarar."
        )

    def _closing_lines(self):
        """The lines of the entry (closing.Line), of a rectification the difference only; empty when nothing moves."""
        replaced = self._replaced()
        booked = replaced.closing_move_ids.filtered(lambda move: move.state == "posted")
        if not booked and any(replaced[-1:]._casillas().get(code) for code in closing.EFFECTS):
            self._message_log(
                body=Markup("<p>%s</p>")
                % "Sin asiento de cierre: el F29 que se rectifica no tiene uno publicado, así que la diferencia se "
                "contabiliza a mano."
            )
            return []
        lines = closing.lines(self._closing_month(), self.company_id._of_sii_closing_account)
        before = [(line.of_sii_f29_code, line.account_id.id, int(line.balance)) for line in booked.line_ids]
        return closing.less(lines, before) if before else lines

    def _replaced(self):
        """The forms that this one rectifies, the last one first."""
        return self.replaces_id | self.replaces_id._replaced() if self.replaces_id else self.browse()

    def _closing_month(self):
        filed = bool(self.filed_on)
        casillas = {line.code: int(line.amount) for line in self.line_ids if line.kind == "amount"}
        manual = {one.code: int(one.amount) for one in self.input_ids}
        known_before = self.previous_id and casillas.get(closing.CARRIED) and closing.CARRIED not in manual
        return closing.Month(
            casillas=casillas,
            total=int(self.filed_total if filed else self.total_to_pay),
            remanente=int(self.filed_remanente if filed else self.remanente),
            booked=self._booked(),
            manual=manual,
            readjustment=casillas[closing.CARRIED] - int(self.carried_pesos) if known_before else 0,
        )

    def _booked(self):
        """What the form's documents left on the accounts of their taxes (list of closing.Booked)."""
        self.env.flush_all()
        rules = {}
        for rule in self._resolved().rules:
            if rule.is_tax and not rule.counts and rule.tax and rule.code in closing.EFFECTS:
                rules.setdefault((rule.tax, rule.document_type, rule.direction), rule)
        by_payment = self.company_id.of_sii_bhe_basis == "payment_date"
        fees = [rule.tax for rule in rules.values() if rule.code == FEES]
        kept = [rule for rule in rules.values() if not (by_payment and rule.code == FEES)]
        names = ("tax", "document_type", "direction", "code", "shared")
        params = {name: [getattr(rule, name) for rule in kept] for name in names}
        params |= {"form": self.id, "fee_taxes": fees}
        rows = self._rows(BOOKED, params) + (self._rows(BOOKED_FEES, params) if by_payment else [])
        return [closing.Booked(*row) for row in rows]

    def _prepare_closing_lines(self, lines):
        self._require_own_accounts(lines)
        treasury = self.company_id.of_sii_treasury_id
        return [
            (
                0,
                0,
                {
                    "name": line.label,
                    "account_id": line.account,
                    "balance": line.balance,
                    "partner_id": treasury.id,
                    # no tax lines: the entry feeds no form, and the tax lock date does not concern it
                    "tax_ids": [(6, 0, [])],
                    "of_sii_f29_code": line.code,
                    "date_maturity": self.due_date if line.code == closing.TOTAL_TO_PAY else False,
                },
            )
            for line in lines
        ]

    def _require_own_accounts(self, lines):
        """Raise UserError (Spanish) when a branch's documents lie on accounts of a chart of its own."""
        accounts = self.env["account.account"].browse({line.account for line in lines})
        own = self.company_id._of_sii_with_parents()
        of_company = "company_ids" if "company_ids" in accounts._fields else "company_id"
        foreign = accounts.filtered(lambda account: not account[of_company] & own)
        if foreign:
            raise UserError(
                f"El asiento de cierre de {self.name} no puede usar cuentas de otra empresa "
                f"({', '.join(foreign.mapped('name'))}): con sucursales de plan de cuentas propio, apague el "
                "asiento de cierre en la empresa y hágalo a mano."
            )

    def _keep_out_of_locks(self, entry):
        """Date a draft entry on the month's last day, or on the first day that Odoo's lock dates leave open."""
        day = periods.last_day(self.period)
        locks = entry._get_violated_lock_dates(day, False)
        if locks:
            day = fields.Date.add(locks[-1][0], days=1)
        if entry.date != day:
            entry.date = day

    def _post_closing(self):
        """Post the entry, with the figures as filed."""
        self.ensure_one()
        entry = self._closing_entry()
        if not entry:
            self._book_closing()
            entry = self._closing_entry()
        elif not self._ties(entry):
            if entry.state == "posted":
                raise UserError(
                    f"El asiento de cierre {entry.name} ya está publicado y no cuadra con lo declarado "
                    f"({pesos(int(self.filed_total))}): devuélvalo a borrador y marque otra vez como declarado."
                )
            entry.line_ids = [(5, 0, 0), *self._prepare_closing_lines(self._closing_lines())]
        if not entry:
            return
        if entry.state == "draft":
            self._keep_out_of_locks(entry)
            entry.ref = f"{self.name}, folio {self.folio}"
            self._date_closing(entry)
            entry._post(soft=False)
        self._message_log(
            body=Markup("<p>%s</p>") % f"Asiento de cierre {entry.name} publicado al {entry.date:%d-%m-%Y}."
        )
        self._settle()

    def _ties(self, entry):
        """Whether the entry, with those of the forms it rectifies, moves what was filed to 91 and 77."""
        entries = entry | self._replaced().mapped(lambda form: form._closing_entry())
        sums = dict.fromkeys((closing.TOTAL_TO_PAY, closing.REMANENTE), 0)
        for line in entries.line_ids:
            if line.of_sii_f29_code in sums:
                sums[line.of_sii_f29_code] += int(line.balance)
        return list(sums.values()) == [-int(self.filed_total), int(self.filed_remanente)]

    def _drop_closing(self):
        """Remove the draft entry of a form that is open again; one that was posted once is cancelled and stays."""
        entry = self._closing_entry()
        if entry.state == "posted":
            raise UserError(
                f"El asiento de cierre {entry.name} del F29 de {self.period} está publicado: devuélvalo a borrador y "
                "luego reabra el formulario."
            )
        if entry.posted_before:
            entry.button_cancel()
        else:
            entry.unlink()
