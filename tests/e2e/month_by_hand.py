"""The accountant's month in Odoo's screens, from month end to filed, by clicking and typing only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Locator, Page

from dev.stack.demo import register as planted
from tests.e2e.hand import Hand

FOLIO = "8234567890"
REASON = "Se anula en noviembre"
PAYROLL_TAX = "184500"  # código 48, which no document holds
# of a page 1400 wide: Odoo's bar above, and the form without its notes beside it
BAR, FORM = 46, 870


class Accountant:
    """One person's month on a page that is logged in; `pictures` is where each step is shown."""

    def __init__(self, page: Page, period: str, files: Sequence[Path], pictures: Path) -> None:
        self.page, self.period, self.files, self.pictures = page, period, files, pictures
        self.hand = Hand(page)
        self.told = ""

    def month(self) -> None:
        """All of it, in order."""
        self.opens_the_form()
        self.compares_with_the_register()
        self.enters_the_missing_bill()
        self.corrects_the_amount()
        self.accepts_the_month()
        self.enters_what_only_she_knows()
        self.reviews_the_warning()
        self.approves()
        self.marks_as_filed()

    def opens_the_form(self) -> None:
        """From whatever Odoo shows, by the menus."""
        with self.hand.step("open the form"):
            self.hand.click(self.page.locator(".o_navbar_apps_menu button").first)
            self.hand.click(self.menu("account.menu_finance"))
            self.hand.click(self.page.locator(".o_menu_sections").get_by_text("Impuestos SII", exact=True).first)
            self.hand.click(self.menu("of_sii_cl.menu_f29"))
            self.hand.click(self.row("period", self.period).locator("td.o_data_cell").first)
            self.picture("1-form", height=604)

    def compares_with_the_register(self) -> None:
        """The downloads of sii.cl go in by the form, which then shows what differs."""
        with self.hand.step("compare with the SII's register"):
            self.hand.click(self.tab("Conciliación"))
            self.hand.click(self.button("Cargar el registro del SII"))
            self.hand.choose(self.dialog().locator("[name=file_ids] button, .o_attach").first, self.files)
            self.picture("2-load", self.dialog())
            self.hand.click(self.in_dialog("Cargar"))
            self.hand.look(1 + 3)  # the certificate, the three documents
            self.picture("3-differences", height=1190)

    def enters_the_missing_bill(self) -> None:
        """The SII has a purchase that Odoo does not: the register fills its bill in."""
        with self.hand.step("the bill that is missing"):
            self.hand.click(self.difference("Solo en el SII").get_by_role("button", name="Factura en borrador"))
            self.hand.look(1)  # the account that Odoo proposes
            self.picture("4-bill")
            self.hand.click(self.own_button("action_post"))
            self.hand.click(self.back())

    def corrects_the_amount(self) -> None:
        """Somebody typed a price wrong."""
        wrong = planted.mistyped(self.period).lines[0]
        with self.hand.step("the wrong amount"):
            self.hand.click(self.difference("Otro monto").get_by_role("button", name="Documento"))
            self.hand.click(self.own_button("button_draft"))
            self.hand.click(self.row("invoice_line_ids", wrong.glosa).locator("td[name=price_unit]"))
            self.hand.type(str(wrong.price + planted.MISTYPED))
            self.picture("5-amount")
            self.hand.click(self.own_button("action_post"))
            self.hand.click(self.back())

    def accepts_the_month(self) -> None:
        """A bill of the last day was booked in the next month; the SII has it in this one."""
        with self.hand.step("the document in another month"):
            self.hand.click(self.button("Aceptar el mes del SII"))
            self.hand.look(4)  # the document and three códigos
            self.picture("6-month", self.dialog())
            self.hand.click(self.in_dialog("Aceptar el mes del SII"))
            self.hand.look(1)
            self.picture("7-certified", height=900)
            self.told = self.page.locator("[name=certificate]").first.inner_text()

    def enters_what_only_she_knows(self) -> None:
        """The payroll's tax."""
        with self.hand.step("impuesto único (48)"):
            self.hand.click(self.tab("Códigos manuales"))
            self.hand.click(self.page.locator("[name=input_ids] .o_field_x2many_list_row_add a"))
            self.hand.type("48")
            self.hand.press("Tab")
            self.hand.type(PAYROLL_TAX)
            self.picture("8-codes")
            self.hand.click(self.button("Calcular"))

    def reviews_the_warning(self) -> None:
        """A draft that stays one."""
        with self.hand.step("the warning"):
            self.hand.click(self.tab("Avisos"))
            self.hand.look(1)
            self.hand.click(self.row("warning_ids", "en borrador").locator("td[name=reason]"))
            self.hand.type(REASON)
            self.picture("9-warning")

    def approves(self) -> None:
        """The form as it is; Odoo computes once more."""
        with self.hand.step("approve"):
            self.hand.look(1)
            self.hand.click(self.button("Aprobar"))

    def marks_as_filed(self) -> None:
        """After filing at sii.cl, with the folio of its certificate; on Odoo 19 the cursor is in that field."""
        with self.hand.step("mark as filed"):
            self.hand.click(self.button("Marcar como declarado"))
            folio = self.dialog().locator("[name=folio] input")
            if not folio.evaluate("field => field === document.activeElement"):  # Odoo 16 puts the cursor nowhere
                self.hand.click(folio)
            self.hand.type(FOLIO)
            self.hand.look(3)  # day, 91 and 77 as the certificate has them
            self.picture("10-file", self.dialog())
            self.hand.click(self.in_dialog("Marcar como declarado"))
            self.picture("11-filed")

    # What she looks for on the page

    def menu(self, xmlid: str) -> Locator:
        return self.page.locator(f"[data-menu-xmlid='{xmlid}']").locator("visible=true").first

    def button(self, label: str) -> Locator:
        return self.page.get_by_role("button", name=label, exact=True).locator("visible=true").first

    def own_button(self, name: str) -> Locator:
        """Of Odoo's own buttons, whose labels are not the same in 16 and 19."""
        return self.page.locator(f"button[name={name}]").locator("visible=true").first

    def tab(self, label: str) -> Locator:
        return self.page.get_by_role("tab", name=label, exact=True)

    def row(self, field: str, text: str) -> Locator:
        """A row that holds the text, of the list of a field; of the page's own list for a field of no form."""
        within = self.page.locator(f"[name={field}]" if field.endswith("_ids") else ".o_list_view")
        return within.locator("tr.o_data_row", has_text=text).first

    def difference(self, kind: str) -> Locator:
        return self.row("difference_ids", kind)

    def dialog(self) -> Locator:
        return self.page.locator(".modal-content").last

    def in_dialog(self, label: str) -> Locator:
        return self.dialog().get_by_role("button", name=label, exact=True).locator("visible=true").first

    def back(self) -> Locator:
        """The form's name above the page."""
        return self.page.locator(".breadcrumb-item, .o_back_button").get_by_text(f"F29 {self.period}").last

    def picture(self, name: str, what: Locator | None = None, height: int = 2000) -> None:
        """The step as it looks: `what`, else the form without its notes down to where it ends, or to `height`."""
        self.page.mouse.move(FORM + 400, BAR + 900)  # no hint hangs over what the mouse clicked last
        self.page.wait_for_timeout(300)
        file = self.pictures / f"month-{name}.png"
        if what:
            what.screenshot(path=file)
        else:
            end = min(height, self.page.evaluate(_END_OF_FORM))
            self.page.screenshot(path=file, clip={"x": 0, "y": BAR, "width": FORM, "height": end - BAR})


# where the form's sheet ends, or the window
_END_OF_FORM = """() => Math.min(window.innerHeight,
    document.querySelector('.o_form_sheet').getBoundingClientRect().bottom + 12)"""
