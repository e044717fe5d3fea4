from odoo import models

from .f29 import FILED, OPEN

ACTIVITY = "of_sii_cl.activity_type_file"


class OfSiiF29(models.Model):
    _inherit = "of.sii.f29"

    def _recompute(self):
        result = super()._recompute()
        self._remind()
        return result

    def write(self, vals):
        result = super().write(vals)
        if "status" in vals or "due_date" in vals:
            for form in self:
                form.sudo()._remind()
        return result

    def _remind(self):
        """One activity for each preparer, due with the form, until it is filed."""
        self.ensure_one()
        activities = self.activity_ids.filtered(lambda activity: activity.activity_type_id == self.env.ref(ACTIVITY))
        if self.status in FILED or not self.due_date:
            activities.unlink()
            return
        late = activities.filtered(lambda activity: activity.date_deadline != self.due_date)
        if late:
            late.with_context(mail_activity_quick_update=True).write(
                {"date_deadline": self.due_date, "summary": self._reminder()}
            )
        if activities or self.status not in OPEN:
            return
        for user in self._preparers():
            # In Odoo only: no e-mail a person and month.
            self.with_context(mail_activity_quick_update=True).activity_schedule(
                ACTIVITY,
                self.due_date,
                summary=self._reminder(),
                user_id=user.id,
            )

    def _reminder(self):
        return f"Declarar el {self.name} a más tardar el {self.due_date:%d-%m-%Y}"

    def _preparers(self):
        """Active people of the company in the group that prepares."""
        group_field = "all_group_ids" if "all_group_ids" in self.env["res.users"]._fields else "groups_id"
        group = self.env.ref("of_sii_cl.group_f29_prepare")
        return (
            self.env["res.users"]
            .sudo()
            .search([(group_field, "in", group.ids), ("company_ids", "in", self.company_id.ids), ("share", "=", False)])
        )
