from odoo.exceptions import UserError
from odoo.fields import Command

from .common import F29Case


class ClosingCase(F29Case):
    """A company that wants the closing entry, with one sale and one purchase, and how its entries are looked at."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.of_sii_closing_entry = True
        cls.post("sale", "33", [(1000000, "ITAX_19")])
        cls.post("purchase", "33", [(400000, "OTAX_19")])

    def refused(self, action, *words):
        with self.assertRaises(UserError) as caught, self.cr.savepoint():
            action()
        for word in words:
            self.assertIn(word, str(caught.exception))

    def account(self, code):
        return self.company._of_sii_chart_account(code)

    def answered(self, **codes):
        form = self.form(self.compute())
        inputs = {504: 0, **{int(code.strip("_")): amount for code, amount in codes.items()}}
        form.input_ids = [(0, 0, {"code": code, "amount": amount}) for code, amount in inputs.items()]
        form.action_compute()
        return form

    def balances(self, entry):
        """Chart code -> balance of an entry, whole pesos."""
        self.assertEqual(sum(entry.line_ids.mapped("balance")), 0)
        sums = {}
        for line in entry.line_ids:
            code = line.account_id.with_company(self.company).code
            sums[code] = sums.get(code, 0) + int(line.balance)
        return {code: balance for code, balance in sums.items() if balance}

    def payable(self, form):
        return form.closing_move_id.line_ids.filtered(lambda line: line.of_sii_f29_code == 91)

    def pay(self, form, amount=None, date="2026-08-10"):
        """A payment from the bank, as an accountant books it, reconciled with the form's payable."""
        payable = self.payable(form)
        amount = amount or -payable.balance
        bank = self.env["account.journal"].search(
            [("company_id", "=", self.company.id), ("type", "=", "bank")], limit=1
        )
        payment = self.env["account.move"].create(
            {
                "move_type": "entry",
                "date": date,
                "journal_id": bank.id,
                "line_ids": [
                    Command.create({"account_id": payable.account_id.id, "balance": amount}),
                    Command.create({"account_id": bank.default_account_id.id, "balance": -amount}),
                ],
            }
        )
        payment.action_post()
        debit = payment.line_ids.filtered(lambda line: line.account_id == payable.account_id)
        (payable | debit).reconcile()
        return payment
