import random

from odoo.tests import tagged

from ..core import closing
from ..core.codes import codes
from .closing import ClosingCase
from .common import PERIOD

MONTHS, ROUNDS = 2, 8  # random months, and random forms of each; the seeds are fixed, so that a failure comes again
DOCUMENTS = 12
KINDS = [  # direction, type, taxes, refund
    ("sale", "33", ["ITAX_19"], False),
    ("sale", "33", ["ITAX_19", "ila_a_100_s"], False),
    ("sale", "34", [], False),
    ("sale", "61", ["ITAX_19"], True),
    ("purchase", "33", ["OTAX_19"], False),
    ("purchase", "33", ["iva_activo_fijo"], False),
    ("purchase", "33", ["iva_compra_uso_comun"], False),
    ("purchase", "33", ["iva_compra_no_recup"], False),
    ("purchase", "61", ["OTAX_19"], True),
    ("purchase", "46", ["OTAX_19", "I_RTI"], False),
    ("purchase", "71", ["I_IR2C_2026"], False),
]
MANUAL = [code for code in closing.EFFECTS if codes()[code].source == "input"]


@tagged("post_install", "-at_install")
class TestF29ClosingProperty(ClosingCase):
    """Random forms in real Odoo: each closing entry balances to the peso and its Treasury line is código 91."""

    def test_random_forms(self):
        entries = 0
        for seed in range(MONTHS):
            self.random = random.Random(seed)  # noqa: S311 (tests)
            for _number in range(DOCUMENTS):
                self.post_one()
            form = self.form(self.compute())
            for turn in range(ROUNDS):
                with self.subTest(seed=seed, turn=turn):
                    self.refill(form)
                    self.approve(form)
                    entries += self.check(form)
                    form.action_reopen()
        self.assertGreater(entries, MONTHS * ROUNDS // 2)

    def post_one(self):
        direction, kind, taxes, refund = self.random.choice(KINDS)
        self.post(
            direction,
            kind,
            [(self.random.randint(1, 9_000_000), *taxes)],
            date=f"{PERIOD}-{self.random.randint(1, 28):02d}",
            refund=refund,
            partner="professional" if kind == "71" else None,
        )

    def refill(self, form):
        """Manual códigos and rates as a person may have them, 504 among them."""
        form.input_ids.unlink()
        chosen = self.random.sample(MANUAL, k=self.random.randint(0, 6))
        amounts = {code: self.random.choice([1, 999, 50_000, 7_654_321]) for code in {*chosen, 504}}
        form.input_ids = [(0, 0, {"code": code, "amount": amount}) for code, amount in amounts.items()]
        form.ppm_rate = self.random.choice([0, 0.125, 0.25, 3])
        form.common_use_factor = self.random.choice([0, 0.333, 0.7, 1])
        form.action_compute()

    def check(self, form):
        """1 when the form has an entry: without lines there is none, and then there is nothing to pay."""
        entry = form.closing_move_id
        if not entry:
            self.assertEqual((form.total_to_pay, form.remanente), (0, 0))
            return 0
        balances = [line.balance for line in entry.line_ids]
        self.assertTrue(all(balance == int(balance) for balance in balances), "whole pesos")
        self.assertEqual(sum(balances), 0)
        payable = self.payable(form)
        self.assertEqual(-sum(payable.mapped("balance")), form.total_to_pay)
        self.assertEqual(len(payable), 1 if form.total_to_pay else 0)
        if payable:
            self.assertEqual(payable.partner_id, self.company.of_sii_treasury_id)
            self.assertEqual(payable.date_maturity, form.due_date)
        remanente = entry.line_ids.filtered(lambda line: line.of_sii_f29_code == closing.REMANENTE)
        self.assertEqual(sum(remanente.mapped("balance")), form.remanente)
        return 1
