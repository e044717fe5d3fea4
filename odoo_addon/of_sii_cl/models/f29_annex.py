from odoo import models
from odoo.exceptions import UserError

from ..core import annex, codes
from ..core.pesos import half_up, pesos
from .f29_rules import FEES, IGNORED
from .f29_seal import GIVEN_AMOUNTS

KEPT = """
    SELECT d.direction, d.type, d.folio, coalesce(d.date::text, ''), d.rut, d.name,
           coalesce(d.exempt, 0)::bigint, coalesce(d.net, 0)::bigint, coalesce(d.iva, 0)::bigint,
           coalesce(d.total, 0)::bigint,
           coalesce(json_object_agg(c.code, c.amount) FILTER (WHERE c.id IS NOT NULL), '{}')
      FROM of_sii_f29_document d
      LEFT JOIN of_sii_f29_document_code c ON c.document_id = d.id
     WHERE d.f29_id = %(form)s AND d.reason IN ('month', 'payment')
       AND NOT (%(by_payment)s AND d.reason = 'month' AND d.direction = 'purchase' AND d.type = ANY(%(fee_types)s))
     GROUP BY d.id
"""
GIVEN = (
    GIVEN_AMOUNTS  # noqa: S608 (a constant)
    + "SELECT move_id, json_object_agg(code, amount) FROM kept WHERE amount <> 0 GROUP BY move_id"
)
# A PDF of more rows than this is read by nobody; the Excel book has them all.
MOST_ROWS = 500


class OfSiiF29(models.Model):
    _inherit = "of.sii.f29"

    def _annex(self):
        """The form's annexes: ``{"books": [annex.Book], "parts": [annex.Part], "names": document type -> its name}``.

        From the rows kept at the approval once the form is closed, from the entries as they are while it is open.
        """
        self.ensure_one()
        self._require_reader()
        form = self.sudo()
        if not form.line_ids:
            raise UserError(f"El F29 de {form.period} no está calculado: calcúlelo antes de pedir sus anexos.")
        self.env.flush_all()
        documents = form._kept_for_annex() if form._is_sealed() else form._live_for_annex()
        figures = {line.code: int(line.amount) for line in form.line_ids if line.kind != "rate"}
        return {
            "books": annex.books(documents),
            "parts": annex.parts(documents, form._others_for_annex(documents), figures),
            "names": form._type_names(),
        }

    def _by_payment(self):
        """Whether the form declares fee withholdings by payment: receipts of the month are then in no código."""
        return self.bhe_basis == "payment_date"

    def _kept_for_annex(self):
        params = {"form": self.id, "by_payment": self._by_payment(), "fee_types": list(annex.FEE_TYPES)}
        return [self._annex_document(*row) for row in self._rows(KEPT, params)]

    def _live_for_annex(self):
        rules = self._resolved().rules
        fees = [rule for rule in rules if rule.code == FEES]
        if self._by_payment():
            rules = [rule._replace(code=IGNORED) if rule.code == FEES else rule for rule in rules]
        given = dict(self._rows(GIVEN, self._ledger_params(rules)))
        names = ("direction", "type", "folio", "date", "rut", "name", "exempt", "net", "iva", "total")
        documents = [
            self._annex_document(*(row[name] for name in names), given.get(row["move_id"], {}))
            for row in self._ledger_documents()
        ]
        if not self._by_payment():
            return documents
        documents = [document for document in documents if not document.is_fee]
        moves = self.env["account.move"]
        for move_id, amount in self._paid_fees(fees):
            move = moves.browse(move_id)
            folio = (move.l10n_latam_document_number or move.name or "").lstrip("0")
            partner = move.commercial_partner_id
            kind, date = move.l10n_latam_document_type_id.code, move.invoice_date.isoformat()
            total = round(abs(move.amount_total_signed))
            documents.append(
                self._annex_document(
                    "purchase", kind, folio, date, partner.vat, partner.name, 0, 0, 0, total, {str(FEES): amount}
                )
            )
        return documents

    def _annex_document(self, direction, type_, folio, date, rut, name, exempt, net, iva, total, amounts):
        return annex.Document(
            direction=direction,
            type=type_ or "",
            folio=folio or "",
            date=date or "",
            rut=rut or "",
            name=name or "",
            exempt=exempt,
            net=net,
            iva=iva,
            total=total,
            amounts={int(code): amount for code, amount in amounts.items()},
        )

    def _others_for_annex(self, documents):
        """(código, label, whole pesos) of what is no document."""
        if self._is_sealed():
            kept = self.env["of.sii.f29.document.code"].search([("f29_id", "=", self.id), ("document_id", "=", False)])
            return [(row.code, row.label or "", int(row.amount)) for row in kept]
        sums = {}
        for document in documents:
            for code, amount in document.amounts.items():
                sums[code] = sums.get(code, 0) + amount
        rounded = {code: half_up(codes.Decimal(str(round(amount, 6)))) for code, amount in sums.items()}
        return [(code, label, amount) for code, amount, label in self._other_amounts(rounded)]

    def _type_names(self):
        """Document type -> its name, in Spanish where the language is installed."""
        types = self.env["l10n_latam.document.type"].with_context(lang="es_CL", active_test=False)
        return {
            row["code"]: row["name"] for row in types.search_read([("country_id.code", "=", "CL")], ["code", "name"])
        }

    # For the report

    def _annex_pages(self):
        """What the PDF prints: the annexes, with the form's lines by section and amounts as text."""
        sections = []
        for line in self.line_ids.sorted("sequence"):
            if not sections or sections[-1][0] != line.section:
                sections.append((line.section, []))
            sections[-1][1].append((codes.codes()[line.code].line or "", line.code, line.glosa, line.amount_text))
        return {
            **self._annex(),
            "sections": [(codes.SECTIONS.get(section, ""), lines) for section, lines in sections],
            "pesos": pesos,
            "glosa": codes.glosa,
            "amount_text": codes.amount_text,
            "most_rows": MOST_ROWS,
            "not_official": annex.NOT_OFFICIAL,
        }
