def migrate(cr, version):
    cr.execute("UPDATE res_partner SET name = 'lost'")
    raise ValueError("this migration is broken on purpose")
