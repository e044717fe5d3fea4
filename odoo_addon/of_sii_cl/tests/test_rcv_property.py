import base64
import random

from odoo.tests import tagged

from .common import F29Case
from .rcv_writer import write

MONTHS = 3  # random months a run; the seeds are fixed, so that a failure can be run again
DOCUMENTS = 30
KINDS = {  # (direction, type, refund): lines as (tax, share of the net)
    ("sale", "33", False): ["ITAX_19", "exempt", "ila_a_100_s"],
    ("sale", "34", False): ["exempt"],
    ("sale", "61", True): ["ITAX_19", "exempt"],
    ("sale", "56", False): ["ITAX_19"],
    ("sale", "110", False): ["exempt"],
    ("purchase", "33", False): ["OTAX_19", "iva_activo_fijo", "exempt"],
    ("purchase", "33 lost", False): ["iva_compra_no_recup"],
    ("purchase", "33 market", False): ["iva_supermercado_recup"],
    ("purchase", "33 common", False): ["iva_compra_uso_comun"],
    ("purchase", "34", False): ["exempt"],
    ("purchase", "61", True): ["OTAX_19"],
    ("purchase", "56", False): ["OTAX_19"],
    ("purchase", "46", False): ["OTAX_19 I_RTI"],
    ("purchase", "71", False): ["I_IR2C_2026"],
}
NATURES = {"lost": "IVA no Recuperable", "market": "Supermercado", "common": "IVA Uso Comun"}


@tagged("post_install", "-at_install")
class TestRcvProperty(F29Case):
    """Random months: posted documents and register files made from one model, by a writer that shares no code with the
    reader. The form from Odoo is the form from the register; then damage is found, document by document."""

    def test_form_from_odoo_is_form_from_the_register(self):
        for seed in range(MONTHS):
            with self.subTest(seed=seed):
                self.setUpMonth(seed)
                result = self.reconcile()
                self.assertEqual(result["differences"], [])
                self.assertEqual(result["equal"], len(self.model))
                wrong = {code: pair for code, pair in result["codes"].items() if pair["difference"]}
                self.assertEqual(wrong, {})
                self.assertTrue(result["certified"], result["certificate"])
                damaged = self.damage(seed)
                found = {
                    (row["direction"], row["type"], row["folio"]): row["kind"]
                    for row in self.reconcile()["differences"]
                }
                self.assertEqual(found, damaged)

    def setUpMonth(self, seed):
        """Post a month of its own and remember what the SII would have of it."""
        self.random = random.Random(seed)  # noqa: S311 (tests)
        self.period = f"2026-{seed + 4:02d}"
        self.model = []
        for _number in range(DOCUMENTS):
            self.model.append(self.make(*self.random.choice(list(KINDS))))
        form = self.form(self.compute(self.period))
        form.common_use_factor = 0.7
        asked = [int(question["code"]) for question in form.questions or []]
        form.input_ids = [(0, 0, {"code": code, "amount": 0}) for code in asked]
        form.action_compute()

    def make(self, direction, label, refund):
        kind, _space, nature = label.partition(" ")
        taxes = self.random.sample(
            KINDS[direction, label, refund], k=self.random.randint(1, len(KINDS[direction, label, refund]))
        )
        if kind in ("33", "61", "56") and "exempt" in taxes and direction == "purchase" and len(taxes) == 1:
            taxes.append("OTAX_19")
        nets = {tax: self.random.randint(1, 9000) * 100 for tax in taxes}
        partner = {"71": "professional", "110": "foreign"}.get(kind)
        move = self.post(
            direction,
            kind,
            [(net, *self.codes_of_tax(tax)) for tax, net in nets.items()],
            date=f"{self.period}-{self.random.randint(1, 28):02d}",
            refund=refund,
            partner=partner,
        )
        return {"move": move, "section": self.section(direction, kind), "row": self.row(move, kind, nature, nets)}

    def codes_of_tax(self, tax):
        if tax == "exempt":
            return ()
        return ("ITAX_19", tax) if tax.startswith("ila_") else tuple(tax.split())

    def section(self, direction, kind):
        if kind == "71":
            return "honorarios"
        return "sales" if direction == "sale" else "purchases"

    def row(self, move, kind, nature, nets):
        """The document as the SII has it, worked out from the model's nets and the law's rates alone."""
        iva = {tax: net * 19 // 100 for tax, net in nets.items() if tax not in ("exempt", "I_IR2C_2026")}
        row = {
            "type": kind,
            "rut": "55555555-5" if kind == "110" else move.partner_id.vat,
            "folio": str(int(move.l10n_latam_document_number)),
            "name": f"Ñandú & Cía. «{kind}»",
            "date": move.invoice_date,
            "exempt": nets.get("exempt", 0),
            "net": sum(net for tax, net in nets.items() if tax != "exempt"),
            "vat": sum(iva.values()),
        }
        total = row["exempt"] + row["net"] + row["vat"]
        if "ila_a_100_s" in nets:
            row["others"] = [("27", nets["ila_a_100_s"] // 10)]
            total += nets["ila_a_100_s"] // 10
        if nature:
            row["nature"] = NATURES[nature]
        if nature in ("lost", "common"):
            row[f"{nature}_vat"] = row.pop("vat")
        if "iva_activo_fijo" in nets:
            row |= {"fixed_net": nets["iva_activo_fijo"], "fixed_vat": iva["iva_activo_fijo"]}
        if kind == "46":
            row["withheld"] = row["vat"]
            total -= row["vat"]
        if kind == "71":
            # 15,25 % of hundreds of pesos has quarters: rounded half up as a document is
            row["withheld"] = (row["net"] * 1525 + 5000) // 10000
            total = row["net"] - row["withheld"]
        return row | {"total": total}

    def reconcile(self):
        for section in ("sales", "purchases", "honorarios"):
            rows = [one["row"] for one in self.model if one["section"] == section and one["row"]]
            self.random.shuffle(rows)
            content = base64.b64encode(write(section, rows)).decode()
            self.env["of.sii.rcv"].load(self.company.id, self.period, f"{section}.csv", content)
        return self.F29.reconcile(self.company.id, self.period)

    def damage(self, seed):
        """Harm five documents on either side; (direction, type, folio) -> the kind that each must be told as."""
        victims = self.random.sample(self.model, k=5)
        expected = {}
        for victim, harm in zip(victims, ("amount", "amount", "only_odoo", "only_sii", "only_sii"), strict=True):
            move, row = victim["move"], victim["row"]
            key = ("sale" if move.move_type.startswith("out") else "purchase", row["type"], row["folio"])
            if harm == "amount":
                row["total"] += self.random.choice((-1, 1, 1000))
            elif harm == "only_odoo":
                victim["row"] = None
            else:
                move.button_draft()
                if self.random.random() < 0.5:
                    move.button_cancel()
            expected[key] = harm
        return expected
