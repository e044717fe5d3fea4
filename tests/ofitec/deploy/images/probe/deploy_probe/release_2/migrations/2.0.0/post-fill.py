def migrate(cr, version):
    cr.execute("UPDATE res_partner SET probe_number = 42")
