from collections import defaultdict
from typing import NamedTuple

from odoo import models

from ..core import period as periods
from .f29_rules import FEES, IGNORED, PURCHASE, SALE, Rule

# The items of a period's documents. A document belongs to its SII month: a sale that of its invoice
# date, a purchase that of its acuse, else of its accounting date. What a filed form of another month holds is counted
# nowhere else, wherever its month went afterwards. Direction: 2 sale, 1 purchase, 0 no document (its items only tell of
# taxes outside documents). Cash rounding items may carry a tax too: they are no tax of the form.
# An item's key packs what the map looks at into one number, because a hash on one number is what makes the statement
# fast: document type, direction (2 bits), tax or net item (1 bit), tax (31 bits, 0: none). Documents without a type
# have one key. A document counts by its tax items, and by its net items when it has no tax.
OF_THE_MONTH = """
    (m.move_type IN ('out_invoice', 'out_refund', 'out_receipt', 'in_invoice', 'in_refund', 'in_receipt')
     AND m.of_sii_period = %(period)s
     OR m.move_type = 'entry' AND m.date >= %(first)s AND m.date < %(until)s)
    AND NOT EXISTS (SELECT FROM of_sii_f29_document s
                     WHERE s.move_id = m.id AND s.in_force AND s.reason = 'month' AND s.period <> %(period)s)
"""
ITEMS = (
    """
    WITH document AS NOT MATERIALIZED (
        SELECT m.id AS move_id,
               m.l10n_latam_document_type_id IS NOT NULL OR m.move_type = 'entry' AS typed,
               m.move_type <> 'entry' AS is_document,
               m.amount_tax = 0 AS exempt,
               (coalesce(m.l10n_latam_document_type_id, 0)::bigint << 34)
               | CASE WHEN starts_with(m.move_type, 'out') THEN 2::bigint << 32
                      WHEN starts_with(m.move_type, 'in') THEN 1::bigint << 32
                      ELSE 0 END AS key
          FROM account_move m
         WHERE m.company_id = ANY(%(companies)s)
           AND m.state = 'posted'
           AND """  # noqa: S608 (a constant)
    + OF_THE_MONTH
    + """
    ), item AS NOT MATERIALIZED (
        SELECT d.move_id,
               d.key | CASE WHEN NOT d.typed THEN 0
                            WHEN l.tax_line_id IS NULL THEN coalesce(rel.account_tax_id, 0)
                            ELSE (1::bigint << 31) | l.tax_line_id END AS key,
               l.tax_line_id IS NOT NULL OR d.exempt AS counts,
               l.balance
          FROM document d
          JOIN account_move_line l ON l.move_id = d.move_id
          LEFT JOIN account_move_line_account_tax_rel rel
                 ON rel.account_move_line_id = l.id AND l.tax_line_id IS NULL AND d.typed
         WHERE l.display_type IN ('product', 'tax')
           AND (d.is_document OR l.tax_line_id IS NOT NULL)
    ), rule AS MATERIALIZED (
        SELECT (document_type::bigint << 34) | (direction::bigint << 32) | (is_tax::int::bigint << 31) | tax AS key,
               code, counts, sign, sign * share AS weight, shared
          FROM unnest(%(tax)s::int[], %(document_type)s::int[], %(direction)s::int[], %(is_tax)s::bool[],
                      %(code)s::int[], %(counts)s::bool[], %(sign)s::int[], %(share)s::numeric[], %(shared)s::bool[])
            AS rule(tax, document_type, direction, is_tax, code, counts, sign, share, shared)
    )
"""
)

# array_agg before PostgreSQL 16 keeps a whole statement on one processor; this aggregate does the same on all of them.
COLLECT = """
    CREATE OR REPLACE AGGREGATE of_sii_f29_collect(int) (
        sfunc = array_append, stype = int[], combinefunc = array_cat, parallel = safe
    )
"""

# One pass over the items: they add up by key before they meet the map, and each key keeps the documents of the items
# that count. A document counts once a código, whatever keys lead there. Only when the map has no rule for some key are
# the items read again, for the documents of those keys: unmapped_document is worked out when it is first asked for.
AMOUNTS = (
    ITEMS  # noqa: S608 (two constants)
    + """
    , total AS MATERIALIZED (
        SELECT key, sum(balance) AS balance, of_sii_f29_collect(move_id) FILTER (WHERE counts) AS move_ids
          FROM item
         GROUP BY key
    ), amount AS (
        SELECT r.code, round(sum(t.balance * r.weight))::bigint AS amount, bool_or(r.shared) AS shared
          FROM total t JOIN rule r ON r.key = t.key
         GROUP BY r.code
    ), counted AS (
        SELECT r.code, count(DISTINCT move_id) AS documents
          FROM total t JOIN rule r ON r.key = t.key, unnest(t.move_ids) AS move_id
         WHERE r.counts
         GROUP BY r.code
    ), unmapped_document AS MATERIALIZED (
        SELECT key, count(DISTINCT move_id) AS documents
          FROM item
         WHERE key NOT IN (SELECT key FROM rule)
         GROUP BY key
    )
    SELECT code, amount, coalesce(documents, 0), shared,
           NULL::int AS direction, NULL::int AS document_type, NULL::int AS tax, NULL::bool AS is_tax
      FROM amount LEFT JOIN counted USING (code)
     UNION ALL
    SELECT NULL, round(balance)::bigint, (SELECT documents FROM unmapped_document u WHERE u.key = total.key), FALSE,
           ((key >> 32) & 3)::int, (key >> 34)::int, (key & 2147483647)::int, (key >> 31) & 1 = 1
      FROM total
     WHERE key NOT IN (SELECT key FROM rule)
    """
)


class Unmapped(NamedTuple):
    """Posted items that no rule takes. ``document_type`` and ``tax``: ids, 0 when there is none."""

    direction: int
    document_type: int
    tax: int
    is_tax: bool
    amount: int
    documents: int


class Ledger(NamedTuple):
    """What the posted entries of a period give. ``codes``: código -> whole pesos or documents; ``lost``: the same for
    códigos that a row of the company keeps from their shared feed; ``documents``: whether there is any document."""

    codes: dict
    lost: dict
    unmapped: list
    common_use: bool
    documents: bool


class OfSiiF29(models.Model):
    _inherit = "of.sii.f29"

    def init(self):
        self.env.cr.execute(COLLECT)
        return super().init()

    def _ledger(self, rules):
        """Every amount and count of the form from posted items, by one SQL statement.

        In the months of a company that declares fee withholdings by payment, 151 comes from the payments instead.
        """
        self.ensure_one()
        by_payment = self.company_id.of_sii_bhe_basis == "payment_date"
        fees = [rule for rule in rules if rule.code == FEES]
        if by_payment:
            rules = [rule._replace(code=IGNORED) if rule.code == FEES else rule for rule in rules]
        self._flush_ledger()
        # To compile so long a statement costs more than it saves, at 200,000 documents too. Off for this transaction.
        self.env.cr.execute("SET LOCAL jit = off")
        self.env.cr.execute(AMOUNTS, self._ledger_params(rules))
        amounts, lost, unmapped, common_use, documents = defaultdict(int), {}, [], False, False
        kinds = {rule.code: rule.counts for rule in rules}
        for code, amount, count, shared, *key in self.env.cr.fetchall():
            if code is None:
                unmapped.append(Unmapped(*key, amount, count))
                documents |= unmapped[-1].direction in (SALE, PURCHASE)
                continue
            documents = True
            if code > IGNORED:
                amounts[code] = count if kinds[code] else amount
                common_use |= shared
            elif code < IGNORED:
                lost[-code] = count if kinds[code] else amount
        if by_payment and fees:
            amounts[FEES] = self._fees_paid(fees)
        return Ledger(dict(amounts), lost, unmapped, common_use, documents)

    def _by_hash(self, statement, params):
        """Run a statement that joins a month's documents with themselves, and let no plan loop over them.

        Right after an import PostgreSQL takes a month of 20,000 documents for empty, and 20,000 times 20,000 rows take
        the hour that hashing them does in half a second.
        """
        self.env.cr.execute("SET LOCAL enable_nestloop = off")
        self.env.cr.execute(statement, params)
        rows = self.env.cr.fetchall() if self.env.cr.description else []
        self.env.cr.execute("SET LOCAL enable_nestloop = DEFAULT")
        return rows

    def _flush_ledger(self):
        self.env["account.move"].flush_model()
        self.env["account.move.line"].flush_model()

    def _resolved(self):
        """The map of this form's companies, month and common use factor."""
        return self.env["of.sii.f29.map"]._resolve(self._companies(), self.period, self._exact_common_use_factor())

    def _ledger_params(self, rules):
        first, until = periods.month_bounds(self.period)
        columns = zip(*rules, strict=True) if rules else [()] * len(Rule._fields)
        # One text literal a column ("{33,34}"): PostgreSQL parses it faster than a list of thousands of constants.
        params = {name: f"{{{','.join(map(str, column))}}}" for name, column in zip(Rule._fields, columns, strict=True)}
        return {"companies": self._companies().ids, "period": self.period, "first": first, "until": until, **params}
