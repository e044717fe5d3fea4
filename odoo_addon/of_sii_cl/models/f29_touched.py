"""Which entries may be news for a closed month, so that nobody reads a year of entries to find a handful.

PostgreSQL itself notes each entry that is touched, because an entry changes in more ways than Odoo's ``write``: stored
computed fields, imports, a repair by SQL. The note says "look at it", no more: what happened is what ``f29_late``
reads. A payment or a reconciliation touches nothing that a form sees.
"""

TABLE = """
    CREATE TABLE IF NOT EXISTS of_sii_f29_touched (
        move_id int PRIMARY KEY REFERENCES account_move ON DELETE CASCADE
    );
"""
# Of an entry: it is kept in a form, or now lies in a month that is approved or filed. Of an item or its taxes: its
# entry is kept in a form (what is in none is told by the entry). OLD is null where there is none, and NEW too.
FUNCTIONS = """
    CREATE OR REPLACE FUNCTION of_sii_f29_touch_move() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO of_sii_f29_touched
        SELECT NEW.id
         WHERE EXISTS (SELECT FROM of_sii_f29_document WHERE move_id = NEW.id)
            OR NEW.move_type <> 'entry'
               AND EXISTS (SELECT FROM of_sii_f29
                            WHERE period IN (NEW.of_sii_period, to_char(NEW.invoice_date, 'YYYY-MM'))
                              AND status NOT IN ('draft', 'ready'))
            ON CONFLICT DO NOTHING;
        RETURN NULL;
    END $$;

    CREATE OR REPLACE FUNCTION of_sii_f29_touch_line() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO of_sii_f29_touched
        SELECT m.id
          FROM account_move m
         WHERE m.id IN (OLD.move_id, NEW.move_id)
           AND EXISTS (SELECT FROM of_sii_f29_document WHERE move_id = m.id)
            ON CONFLICT DO NOTHING;
        RETURN NULL;
    END $$;

    CREATE OR REPLACE FUNCTION of_sii_f29_touch_tax() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO of_sii_f29_touched
        SELECT l.move_id
          FROM account_move_line l
         WHERE l.id IN (OLD.account_move_line_id, NEW.account_move_line_id)
           AND EXISTS (SELECT FROM of_sii_f29_document WHERE move_id = l.move_id)
            ON CONFLICT DO NOTHING;
        RETURN NULL;
    END $$;
"""
_MOVE = (
    "state date invoice_date of_sii_period move_type name company_id commercial_partner_id l10n_latam_document_type_id"
)
_LINE = "move_id balance tax_line_id display_type"


def _changed(columns):
    old, new = (", ".join(f"{row}.{column}" for column in columns.split()) for row in ("OLD", "NEW"))
    return f"WHEN (ROW({old}) IS DISTINCT FROM ROW({new}))"


# name -> (table, function, event, condition)
TRIGGERS = {
    "of_sii_f29_move_added": ("account_move", "move", "INSERT", ""),
    "of_sii_f29_move_changed": ("account_move", "move", "UPDATE", _changed(_MOVE)),
    "of_sii_f29_line_added": ("account_move_line", "line", "INSERT OR DELETE", ""),
    "of_sii_f29_line_changed": ("account_move_line", "line", "UPDATE", _changed(_LINE)),
    "of_sii_f29_tax_changed": ("account_move_line_account_tax_rel", "tax", "INSERT OR UPDATE OR DELETE", ""),
}


DROP_TRIGGERS = "".join(
    f"DROP TRIGGER IF EXISTS {name} ON {table};\n" for name, (table, _function, _event, _condition) in TRIGGERS.items()
)
INSTALL = (
    TABLE
    + FUNCTIONS
    + DROP_TRIGGERS
    + "".join(
        f"CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW {condition} "
        f"EXECUTE FUNCTION of_sii_f29_touch_{function}();\n"
        for name, (table, function, event, condition) in TRIGGERS.items()
    )
)
UNINSTALL = (
    DROP_TRIGGERS
    + "".join(f"DROP FUNCTION IF EXISTS of_sii_f29_touch_{function};\n" for function in ("move", "line", "tax"))
    + "DROP TABLE IF EXISTS of_sii_f29_touched"
)


def install(cr):
    """Make the table and its triggers; True when there was none, so that nothing was noted until now."""
    cr.execute("SELECT to_regclass('of_sii_f29_touched') IS NULL")
    (is_new,) = cr.fetchone()
    cr.execute(INSTALL)
    return is_new


def uninstall(cr):
    """Leave nothing on Odoo's own tables that needs the add-on's."""
    cr.execute(UNINSTALL)
