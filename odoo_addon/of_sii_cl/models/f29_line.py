from collections import defaultdict

from odoo import _, fields, models

from ..core import codes
from ..core import period as periods
from .f29_rules import FEES, IGNORED, SALE, UNTAXED


class OfSiiF29Line(models.Model):
    _name = "of.sii.f29.line"
    _description = "F29 código"
    _order = "code"
    _rec_name = "glosa"

    f29_id = fields.Many2one("of.sii.f29", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="f29_id.company_id", store=True)
    code = fields.Integer(string="Código", required=True)
    glosa = fields.Char(required=True)
    kind = fields.Selection([("count", "Documents"), ("amount", "Pesos")], required=True)
    source = fields.Selection(
        [("ledger", "Journal items"), ("carry", "Previous form"), ("input", "Manual"), ("computed", "Formula")],
        required=True,
    )
    # numeric, because a total of pesos does not fit an integer column
    amount = fields.Float(digits=(16, 0), required=True)

    if hasattr(models, "Constraint"):
        _code_uniq = models.Constraint("unique(f29_id, code)", "A form holds each código once.")
    else:
        _sql_constraints = [("code_uniq", "unique(f29_id, code)", "A form holds each código once.")]

    def action_open_items(self):
        """The journal items that the código adds up."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": _("Código %s", self.code) + f": {self.glosa}",
            "res_model": "account.move.line",
            "view_mode": "list,form",
            "views": [(False, "list"), (False, "form")],
            "domain": self._item_domain(),
            "context": {"create": False, "edit": False, "active_test": False},
        }

    def _item_domain(self):
        """Domain that selects the items of the same rules as the ledger's SQL statement."""
        self.ensure_one()
        form = self.f29_id
        rules = form.env["of.sii.f29.map"]._resolve(form.company_id).rules
        rules = [rule for rule in rules if rule.code == self.code != IGNORED]
        if self.code == FEES and form.company_id.of_sii_bhe_basis == "payment_date":
            return [("id", "in", form._fee_item_ids(rules))]
        parts = [self._rule_domain(*key, types) for key, types in self._types_by_item_kind(rules).items()]
        if not parts:
            return [("id", "=", False)]
        return form._document_domain() + ["|"] * (len(parts) - 1) + [term for part in parts for term in part]

    def _types_by_item_kind(self, rules):
        """(direction, tax or net, counts, taxes) -> document types: as few alternatives as possible."""
        taxes = defaultdict(set)
        for rule in rules:
            taxes[rule.direction, rule.is_tax, rule.counts, rule.document_type].add(rule.tax)
        types = defaultdict(list)
        for (direction, is_tax, counts, document_type), tax_ids in taxes.items():
            types[direction, is_tax, counts, tuple(sorted(tax_ids))].append(document_type)
        return types

    def _rule_domain(self, direction, is_tax, counts, tax_ids, types):
        first, until = periods.month_bounds(self.f29_id.period)
        date_field, kinds = ("move_id.date", ["in_invoice", "in_refund", "in_receipt"])
        if direction == SALE:
            date_field, kinds = ("move_id.invoice_date", ["out_invoice", "out_refund", "out_receipt"])
        terms = [
            ("move_id.l10n_latam_document_type_id", "in", types),
            ("move_id.move_type", "in", kinds),
            (date_field, ">=", first),
            (date_field, "<", until),
        ]
        if is_tax:
            terms += [("display_type", "=", "tax"), ("tax_line_id", "in", tax_ids)]
        else:
            terms += [("display_type", "=", "product"), ("tax_line_id", "=", False)]
            if counts:
                terms.append(("move_id.amount_tax", "=", 0))
            taxed = [("tax_ids", "in", [tax for tax in tax_ids if tax != UNTAXED])]
            untaxed = [("tax_ids", "=", False)]
            if UNTAXED not in tax_ids:
                terms += taxed
            elif len(tax_ids) == 1:
                terms += untaxed
            else:
                terms += ["|", *taxed, *untaxed]
        ands = sum(isinstance(term, tuple) for term in terms) - terms.count("|") - 1
        return ["&"] * ands + terms

    def _refresh(self, form, casillas):
        """Make the lines of a form equal to ``casillas``; return the changes as (código, old, new).

        Lines that stay the same are not written, so that their dates tell when they last changed.
        """
        known = codes.codes()
        lines = {line.code: line for line in form.line_ids.sudo()}
        changes = []
        missing = []
        for code in sorted({*lines, *casillas}):
            line, new = lines.get(code), casillas.get(code)
            old = int(line.amount) if line else 0
            if new is None:
                line.unlink()
            elif line is None:
                row = known[code]
                missing.append(
                    {
                        "f29_id": form.id,
                        "code": code,
                        "glosa": row.glosa,
                        "kind": row.kind,
                        "source": row.source,
                        "amount": new,
                    }
                )
            elif old != new:
                line.amount = new
            if old != (new or 0):
                changes.append((code, old, new or 0))
        self.sudo().create(missing)
        return changes
