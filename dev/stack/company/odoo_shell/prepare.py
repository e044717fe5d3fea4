"""Read by `odoo shell` on standard input, on 16.0 and 19.0: people, company and page assets of a template database.

The passwords come in the environment. Running it again on the same database changes nothing but them.
"""

import os
from typing import Any

env: Any = globals()["env"]  # given by `odoo shell`

CHILE = {"lang": "es_CL", "tz": "America/Santiago"}
GROUPS_FIELD = "group_ids" if "group_ids" in env["res.users"]._fields else "groups_id"
accounting = env.ref("account.group_account_user") | env.ref("account.group_account_manager")

admin = env.ref("base.user_admin")
admin.write(
    {"password": os.environ["OFITEC_ODOO_ADMIN_PASSWORD"], **CHILE, GROUPS_FIELD: [(4, g.id) for g in accounting]}
)

# The robot that Airflow's connection odoo_default logs in with: it computes and reads the F29, and can do nothing else.
# A portal user: an employee reads every contact.
computes = env.ref("of_sii_cl.group_f29_compute", raise_if_not_found=False) or env["res.groups"]
bot_values = {
    "name": "OFITEC ops (robot)",
    "password": os.environ["OFITEC_ODOO_BOT_PASSWORD"],
    **CHILE,
    GROUPS_FIELD: [(6, 0, (env.ref("base.group_portal") | computes).ids)],
}
Users = env["res.users"].with_context(no_reset_password=True)
bot = Users.search([("login", "=", "ofitec_bot")])
if bot:
    bot.write(bot_values)
else:
    Users.create({"login": "ofitec_bot", **bot_values})

# The company with its chart: that takes seconds, which the demo company and each class of the add-on's tests would pay.
company = env.ref("base.main_company")
company.country_id = env.ref("base.cl")
if chart := env.ref("l10n_cl.cl_chart_template", raise_if_not_found=False):  # 16.0
    if company.chart_template_id != chart:
        chart.try_loading(company=company, install_demo=False)
elif company.chart_template != "cl":
    env["account.chart.template"].try_loading("cl", company=company, install_demo=False)

# A page's first load compiles its bundles for 10 s; compiled here, every copy of the template has them.
env["ir.qweb"]._pregenerate_assets_bundles()
env.cr.commit()
print("prepared")
