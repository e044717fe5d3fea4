from odoo import _, models

from ..core import codes
from ..core.pesos import pesos
from .f29_carry import CARRIED
from .f29_ledger import ITEMS
from .f29_rules import FEES

# One row a document of a código, written by the same rules and items as the form's own statement. Its amount is the
# whole one; what the common use factor takes away is one row beside, because it is rounded once, on the sum.
DOCUMENTS = (
    ITEMS  # noqa: S608 (two constants)
    + """
    , part AS (
        SELECT i.move_id,
               CASE WHEN bool_or(r.counts) THEN 1 ELSE sum(i.balance * r.sign) END AS amount,
               CASE WHEN bool_or(r.counts) THEN 1 ELSE sum(i.balance * r.weight) END AS weighted
          FROM item i
          JOIN rule r ON r.key = i.key
         WHERE i.counts OR NOT r.counts
         GROUP BY i.move_id
    ), written AS (
        INSERT INTO of_sii_f29_part
               (line_id, move_id, document_type, name, partner_id, date, amount, create_uid, create_date)
        SELECT %(line)s, m.id, t.code, m.name, m.commercial_partner_id, m.invoice_date, part.amount,
               %(uid)s, now() AT TIME ZONE 'UTC'
          FROM part
          JOIN account_move m ON m.id = part.move_id
          LEFT JOIN l10n_latam_document_type t ON t.id = m.l10n_latam_document_type_id
    )
    SELECT coalesce(sum(amount), 0)::bigint, coalesce(round(sum(weighted)), 0)::bigint FROM part
    """
)


class OfSiiF29Line(models.Model):
    _inherit = "of.sii.f29.line"

    def _open_parts(self):
        """The documents behind the código and, as rows of their own, the common use share, what a person entered and
        what changed since the form was computed: together they give the código's amount."""
        self.ensure_one()
        self.env["of.sii.f29.part"].sudo().search(
            [("line_id", "=", self.id), ("create_uid", "=", self.env.uid)]
        ).unlink()
        if self.source in ("ledger", "carry", "input"):
            self._write_parts()
        return {
            "type": "ir.actions.act_window",
            "name": _("Código %s", self.code) + f": {self.glosa}",
            "res_model": "of.sii.f29.part",
            "view_mode": "list",
            "views": [(False, "list")],
            "domain": [("line_id", "=", self.id), ("create_uid", "=", self.env.uid)],
            "context": {"create": False, "edit": False},
        }

    def _write_parts(self):
        manual = self.f29_id.input_ids.filtered(lambda manual: manual.code == self.code)
        given = 0 if self.source == "carry" and manual else self._write_given_parts()
        rows = []
        if manual:
            note = f": {manual.note}" if manual.note else ""
            rows.append((f"Ingresado a mano{note}", int(manual.amount)))
        total = given + sum(amount for _name, amount in rows)
        if total < 0 and self.code not in codes.MAY_BE_NEGATIVE:
            rows.append(("El formulario no admite negativos", -total))
            total = 0
        if self.amount != total:
            rows.append(("Cambió desde el último cálculo: recalcule", int(self.amount) - total))
        self._add_parts(rows)

    def _write_given_parts(self):
        """Write what the ledger or the form before gives; return its sum as the form shows it (whole pesos)."""
        if self.source == "carry":
            return self._write_carried_parts()
        if self.code == FEES and self.f29_id.company_id.of_sii_bhe_basis == "payment_date":
            return self._write_paid_parts()
        form = self.f29_id
        rules = [rule for rule in form._resolved().rules if rule.code == self.code]
        if not rules:
            return 0
        form._flush_ledger()
        params = form._ledger_params(rules) | {"line": self.id, "uid": self.env.uid}
        self.env.cr.execute(DOCUMENTS, params)
        whole, counted = self.env.cr.fetchone()
        self.env["of.sii.f29.part"].invalidate_model()
        if whole != counted:
            factor = codes.decimal_text(form._exact_common_use_factor()).replace(".", ",")
            self._add_parts([(f"Uso común: la parte que no va en este código (factor {factor})", counted - whole)])
        return counted

    def _write_paid_parts(self):
        rules = [rule for rule in self.f29_id._resolved().rules if rule.code == FEES]
        paid = self.f29_id._paid_fees(rules)
        moves = self.env["account.move"].sudo().browse(move_id for move_id, _amount in paid)
        self.env["of.sii.f29.part"].sudo().create(
            [
                {
                    "line_id": self.id,
                    "move_id": move.id,
                    "document_type": move.l10n_latam_document_type_id.code,
                    "name": move.name,
                    "partner_id": move.commercial_partner_id.id,
                    "date": move.invoice_date,
                    "amount": amount,
                }
                for move, (_move_id, amount) in zip(moves, paid, strict=True)
            ]
        )
        return sum(amount for _move_id, amount in paid)

    def _write_carried_parts(self):
        form = self.f29_id
        source = CARRIED[self.code][0]
        previous = form._previous()
        carried, kept, _warnings = form._carry()
        left = previous._remanentes().get(source, 0)
        rows = [(f"Código {source} de {previous.name}", left)]
        if carried[self.code] != left:
            utm = f"{pesos(kept['utm_then'])} → {pesos(kept['utm_now'])}"
            rows.append((f"Reajuste por UTM: {utm}", carried[self.code] - left))
        self._add_parts(rows)
        return carried[self.code]

    def _add_parts(self, rows):
        self.env["of.sii.f29.part"].sudo().create(
            [{"line_id": self.id, "name": name, "amount": amount} for name, amount in rows if amount]
        )
