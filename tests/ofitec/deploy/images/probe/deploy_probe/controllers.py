from odoo import http


class Probe(http.Controller):
    # holds a process as a request does that waits for the database, without using a core
    @http.route("/probe/wait/<int:ms>", type="http", auth="public", save_session=False)
    def wait(self, ms):
        http.request.env.cr.execute("SELECT pg_sleep(%s)", [ms / 1000])
        return "waited"
