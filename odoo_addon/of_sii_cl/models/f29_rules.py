from collections import defaultdict
from decimal import Decimal
from typing import NamedTuple

from odoo import api, models
from odoo.fields import Datetime

from ..core import period as periods
from ..core.honorarios import is_withholding

UNTAXED = 0  # stands for "no tax" where a tax id is expected
IGNORED = 0  # código of what feeds nothing on purpose
SALE, PURCHASE = 2, 1  # as in the key of f29_ledger; 0 is no document
VAT_SII_CODES = (14, 15)  # CodImp: IVA, IVA withheld and fee withholding
FEES = 151
# Where a tax without identifier could be several taxes of the chart, the one that is meant unless shown otherwise.
PLAIN_TAXES = ("ITAX_19", "OTAX_19")


class Rule(NamedTuple):
    """One row of the map for one tax id, document type id and kind of journal item (tax or net).

    ``code``: negative for a código that lost this feed to a row of the company (its amount is told, not declared).
    ``sign``: turns the balance into what the form shows; ``share``: the part of it that counts (common use);
    ``shared``: depends on the common use factor.
    """

    tax: int
    document_type: int
    direction: int
    is_tax: bool
    code: int
    counts: bool
    sign: int
    share: Decimal
    shared: bool


class MapRow(NamedTuple):
    """One row of the map as stored. ``tax_id`` and ``company_id``: ids, False when empty."""

    tax_code: str
    tax_id: int
    direction: str
    doc_codes: str
    what: str
    code: int
    sign: str
    share: str
    company_id: int


class Resolved(NamedTuple):
    """A form's map: its rules, and its taxes (id -> account.tax) for whom must be told about one."""

    rules: list
    taxes: dict


class OfSiiF29Map(models.Model):
    _inherit = "of.sii.f29.map"

    @api.model
    def _resolve(self, companies, period=None, factor=Decimal(0)):
        """The map of a month with the companies' own ids, as one list of rules for one SQL statement.

        ``companies``: the one that declares first, then its branches; ``period``: today's month when None; ``factor``:
        the common use factor.
        """
        taxes = self.env["account.tax"].sudo().with_context(active_test=False)
        taxes = taxes.search([("company_id", "in", companies._of_sii_with_parents().ids)])
        tax_ids_of = self._tax_ids_by_chart_code(taxes)
        document_type_ids_of = self._document_type_ids_by_code()
        buckets = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
        period = period or f"{periods.today_in_santiago(Datetime.now()):%Y-%m}"
        for row in self._rows_of(companies[:1], period):
            # A company's row goes before a shared one, a row for the very tax before one for its chart code.
            rank = (bool(row.company_id), bool(row.tax_id))
            direction = SALE if row.direction == "sale" else PURCHASE
            document_types = [id_ for doc_code in row.doc_codes.split() for id_ in document_type_ids_of[doc_code]]
            for tax in [row.tax_id] if row.tax_id else tax_ids_of[row.tax_code or ""]:
                for document_type in document_types:
                    buckets[tax, document_type, direction][row.what][rank].append(row)
        shares = {"full": Decimal(1), "common_use": factor, "common_use_rest": 1 - factor}
        rules = []
        for key, by_kind in buckets.items():
            rules += self._rules_of(key, by_kind, shares)
        return Resolved(rules, {tax.id: tax for tax in taxes})

    @api.model
    def _rows_of(self, company, period):
        """The rows that hold in a month for a company, as plain tuples: each is looked at once a tax and document type.

        Rows hold for whole months, so that the first day of the month decides.
        """
        first = periods.first_day(period)
        domain = [
            ("company_id", "in", (False, company.id)),
            *("|", ("date_from", "=", False), ("date_from", "<=", first)),
            *("|", ("date_to", "=", False), ("date_to", ">=", first)),
        ]
        rows = self.sudo().search_read(domain, MapRow._fields, load=None)
        return [MapRow(*(row[name] for name in MapRow._fields)) for row in rows]

    @api.model
    def _rules_of(self, key, by_kind, shares):
        """The rules of one tax and document type: of each kind of row only those of the highest rank hold."""
        rules = []
        for by_rank in by_kind.values():
            rank = max(by_rank)
            held = {row.code for row in by_rank[rank]}
            for row in by_rank[rank]:
                rules += self._rules_of_row(key, row, row.code, shares)
            for (own, _very_tax), rows in by_rank.items():
                lost = [row for row in rows if rank[0] and not own and row.code not in held]
                for row in lost:
                    rules += self._rules_of_row(key, row, -row.code, shares)
        # The other kind of item of a known pair feeds nothing, and that is known too (not an unmapped tax).
        for is_tax in {False, True} - {rule.is_tax for rule in rules}:
            rules.append(Rule(*key, is_tax, IGNORED, False, 1, Decimal(0), False))
        return rules

    @api.model
    def _rules_of_row(self, key, row, code, shares):
        _tax, _document_type, direction = key
        counts = row.what == "count"
        # balance is negative on what a sale earns and on what is withheld: the form wants both positive.
        against = -1 if direction == SALE or row.what == "withheld" else 1
        share = Decimal(0) if counts else shares[row.share]
        return [
            Rule(*key, is_tax, code, counts, int(row.sign) * against, share, row.share == "common_use")
            for is_tax in ((False, True) if counts else (row.what != "base",))
        ]

    @api.model
    def _document_type_ids_by_code(self):
        types = self.env["l10n_latam.document.type"].sudo().with_context(active_test=False)
        ids = defaultdict(list)
        for document_type in types.search_read([("country_id.code", "=", "CL")], ["code"]):
            ids[document_type["code"]].append(document_type["id"])
        return ids

    @api.model
    def _tax_ids_by_chart_code(self, taxes):
        """Chart code (xmlid after ``<company>_``, the same on every series) -> tax ids. The empty code is no tax."""
        data = self.env["ir.model.data"].sudo()
        company_of = {tax.id: tax.company_id.id for tax in taxes}
        code_of = {}
        for record in data.search_read(
            [("model", "=", "account.tax"), ("module", "in", ("account", "l10n_cl")), ("res_id", "in", taxes.ids)],
            ["name", "res_id"],
        ):
            prefix = f"{company_of[record['res_id']]}_"
            if record["name"].startswith(prefix):
                code_of[record["res_id"]] = record["name"][len(prefix) :]
        chart = taxes.filtered(lambda tax: tax.id in code_of)
        for tax in taxes - chart:
            code = self._chart_code_of_own_tax(tax, chart, code_of)
            if code is not None:
                code_of[tax.id] = code
        ids = defaultdict(list, {"": [UNTAXED]})
        for tax_id, code in code_of.items():
            ids[code].append(tax_id)
        # The net lines of a group name the group, its tax lines the children.
        for group in taxes.filtered(lambda tax: tax.amount_type == "group"):
            for child in group.children_tax_ids.filtered(lambda tax: tax.id in code_of):
                ids[code_of[child.id]].append(group.id)
        return ids

    @api.model
    def _chart_code_of_own_tax(self, tax, chart, code_of):
        """Chart code of a tax that the company made itself, None when it cannot be told without guessing.

        By use, SII code and percent; among several, by the account of its tax lines and then the plain IVA.
        """
        if tax.amount_type == "group":
            return None
        if not tax.amount:
            return ""
        alike = chart.filtered(
            lambda other: (
                (other.type_tax_use, other.l10n_cl_sii_code, other.amount_type, other.amount)
                == (tax.type_tax_use, tax.l10n_cl_sii_code, tax.amount_type, tax.amount)
            )
        )
        if len(alike) > 1:
            alike = alike.filtered(lambda other: self._tax_account(other) == self._tax_account(tax))
        codes = {code_of[other.id] for other in alike}
        plain = codes & set(PLAIN_TAXES)
        if len(codes) == 1 or plain:
            return (plain or codes).pop()
        is_fee = (tax.type_tax_use, tax.l10n_cl_sii_code) == ("purchase", 15)
        if is_fee and not codes and is_withholding(Decimal(str(tax.amount))):
            return "I_IR2C_2026"  # every year's withholding feeds the same código
        return None

    @api.model
    def _tax_account(self, tax):
        return tax.invoice_repartition_line_ids.filtered(lambda line: line.repartition_type == "tax").account_id
