from freezegun import freeze_time
from odoo.fields import Date
from odoo.tests import TransactionCase

PERIOD = "2026-07"
TODAY = "2026-08-10 15:00:00"
RUTS = {
    "customer": "76086428-5",
    "consumer": "66666666-6",
    "supplier": "96790240-3",
    "professional": "12345678-5",
    "treasury": "60805000-0",
}
TAXPAYER_TYPES = {"customer": "1", "consumer": "3", "supplier": "1", "professional": "2", "treasury": "1"}


def has_chart(company):
    """Whether a company has the Chilean chart of accounts, on any series."""
    if "chart_template" in company._fields:
        return company.chart_template == "cl"
    return company.chart_template_id == company.env.ref("l10n_cl.cl_chart_template")


def load_chart(company):
    """Load the Chilean chart of accounts into a company, on any series."""
    template = company.env.ref("l10n_cl.cl_chart_template", raise_if_not_found=False)
    if template:
        template.try_loading(company=company, install_demo=False)
    else:
        company.env["account.chart.template"].try_loading("cl", company=company, install_demo=False)


class F29Case(TransactionCase):
    """A Chilean company of one's own, and one line to post a document as an accountant thinks of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(freeze_time(TODAY))
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True, "lang": "en_US"})
        cls.company = cls.make_company("OFITEC & Cía. SpA", "76123456-0")
        cls.F29 = cls.env["of.sii.f29"]
        cls.numbers = iter(range(1, 10**6))
        cls.partners = {
            name: cls.env["res.partner"].create(
                {
                    "name": f"Test {name}",
                    "vat": rut,
                    "country_id": cls.env.ref("base.cl").id,
                    "l10n_latam_identification_type_id": cls.env.ref("l10n_cl.it_RUT").id,
                    "l10n_cl_sii_taxpayer_type": TAXPAYER_TYPES[name],
                }
            )
            for name, rut in RUTS.items()
        }
        cls.partners["foreign"] = cls.env["res.partner"].create(
            {
                "name": "Test foreign",
                "vat": "55555555-5",
                "country_id": cls.env.ref("base.us").id,
                "l10n_latam_identification_type_id": cls.env.ref("l10n_latam_base.it_fid").id,
                "l10n_cl_sii_taxpayer_type": "4",
            }
        )

    @classmethod
    def make_company(cls, name, rut):
        """Make a Chilean company, or take the database's own if it has the chart and no RUT: loading takes seconds."""
        company = cls.env.ref("base.main_company")
        if company.vat or not has_chart(company):
            company = cls.env["res.company"].create(
                {
                    "name": name,
                    "country_id": cls.env.ref("base.cl").id,
                    "currency_id": cls.env.ref("base.CLP").id,
                }
            )
            cls.env.user.company_ids |= company
            load_chart(company)
        company.name = name
        company.partner_id.write(
            {
                "vat": rut,
                "l10n_latam_identification_type_id": cls.env.ref("l10n_cl.it_RUT").id,
                "l10n_cl_sii_taxpayer_type": "1",
            }
        )
        cls.env.ref("base.CLP").active = True
        company.of_sii_ppm_rate = 0.25
        return company

    @classmethod
    def set_utm(cls, **values):
        """``m2026_07=43000``: these months and no others have a UTM."""
        cls.env["of.sii.utm"].search([]).unlink()
        cls.env["of.sii.utm"].create(
            [{"month": month.lstrip("m").replace("_", "-"), "value": value} for month, value in values.items()]
        )

    @classmethod
    def tax(cls, code, company=None):
        """The tax of a chart code in the test's company."""
        name = f"{(company or cls.company).id}_{code}"
        data = cls.env["ir.model.data"].search(
            [("model", "=", "account.tax"), ("module", "in", ("account", "l10n_cl")), ("name", "=", name)]
        )
        return cls.env["account.tax"].browse(data.res_id)

    @classmethod
    def draft(cls, direction, doc, lines, partner=None, date=f"{PERIOD}-15", refund=False, company=None, **vals):
        """Make a document: ``lines`` are ``(net, *tax codes)``; taxes may also be records."""
        company = company or cls.company
        sale = direction == "sale"
        partner = partner or ("customer" if sale else "supplier")
        document_type = cls.env["l10n_latam.document.type"].search(
            [("code", "=", doc), ("country_id.code", "=", "CL")], limit=1
        )
        number = {} if sale else {"l10n_latam_document_number": str(next(cls.numbers))}
        journal = cls.env["account.journal"].search(
            [("company_id", "=", company.id), ("type", "=", direction)], limit=1
        )
        return (
            cls.env["account.move"]
            .with_company(company)
            .create(
                {
                    "move_type": ("out" if sale else "in") + ("_refund" if refund else "_invoice"),
                    "partner_id": cls.partners[partner].id,
                    "journal_id": journal.id,
                    "invoice_date": date,
                    "date": date,
                    "l10n_latam_document_type_id": document_type.id,
                    "invoice_line_ids": [(0, 0, cls.line(company, *line)) for line in lines],
                    **number,
                    **vals,
                }
            )
        )

    @classmethod
    def line(cls, company, net, *taxes):
        records = [cls.tax(tax, company).id if isinstance(tax, str) else tax.id for tax in taxes]
        return {"name": "Servicio", "quantity": 1, "price_unit": net, "tax_ids": [(6, 0, records)]}

    @classmethod
    def post(cls, *args, **kwargs):
        move = cls.draft(*args, **kwargs)
        move.action_post()
        return move

    def compute(self, period=PERIOD, company=None):
        return self.F29.compute_period((company or self.company).id, period)

    def casillas(self, **kwargs):
        return self.compute(**kwargs)["casillas"]

    def form(self, result):
        return self.F29.browse(result["id"])

    def approve(self, form):
        """Answer what the form asks, acknowledge what it warns of, and approve it."""
        if form.status == "draft":
            form.action_compute()
        asked = [int(question["code"]) for question in form.questions or []]
        if asked:
            form.input_ids = [(0, 0, {"code": code, "amount": 0}) for code in asked]
            form.action_compute()
        form.warning_ids.filtered(lambda warning: not warning.blocks).action_acknowledge("Revisado")
        form.action_approve()
        return form

    def file(self, form, folio="8123456789", filed_on=None, **filed):
        """Approve the form where it is not, and mark it as filed at the SII."""
        if form.status != "approved":
            self.approve(form)
        form.action_file(folio, filed_on or Date.context_today(form), **filed)
        return form

    def codes_of(self, result):
        return [warning["code"] for warning in result["warnings"]]

    def assertCasillas(self, result, expected):
        """The expected códigos, and no others but zero totals and the company's PPM rate."""
        given = {int(code): amount for code, amount in result["casillas"].items()}
        totals = dict.fromkeys((538, 537, 89, 77, 595, 547, 91), 0)
        self.assertEqual(given, {**totals, 115: 0.25, **expected})
