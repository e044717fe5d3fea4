import io

import xlsxwriter

from ..core import period as periods


def workbook(period, title, fill):
    """Bytes of an Excel book about a month. ``fill(book)`` writes its sheets.

    No clock is in the file: the same sheets give the same bytes.
    """
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        book.set_properties({"created": periods.first_moment(period), "title": title})
        fill(book)
    return out.getvalue()
