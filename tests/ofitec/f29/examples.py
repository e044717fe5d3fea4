"""The forms that the tests know to the peso."""

from datetime import date
from decimal import Decimal

from ofitec.f29.form import F29Form

# worked example A of docs/f29.md: every nature of document, a remanente to carry
EXAMPLE_A = {
    **{"503": 2, "502": 228000, "110": 1, "111": 19001, "512": 1, "513": 1900, "509": 1, "510": 19000},
    **{"586": 1, "142": 300000, "538": 229901},
    **{"519": 1, "520": 76000, "524": 1, "525": 57000, "527": 1, "528": 9500, "534": 1, "535": 152000},
    **{"564": 1, "521": 20000, "584": 1, "562": 70000, "511": 123500, "514": 3800, "537": 275500},
    **{"89": 0, "77": 45599, "563": 1510003, "62": 3775, "151": 29000, "595": 32775, "547": 32775, "91": 32775},
}

# a form filed in 2017 (structure of fyntex/lib-cl-sii-python's sample), its códigos with an amount
FILED_201707 = {
    **{"502": 6588397, "538": 6588397, "520": 1481178, "528": 512805, "762": 12443, "504": 17037344, "537": 18018160},
    **{"77": 11429763, "89": 0, "48": 1409603, "151": 126666, "595": 1536269, "547": 1536269, "91": 1536269},
}


def example_a(**changed: int) -> F29Form:
    """Example A as the add-on reports it; `c91=1` changes código 91."""
    casillas = EXAMPLE_A | {name.removeprefix("c"): value for name, value in changed.items()}
    return F29Form(
        id=7,
        period="2026-08",
        rut="77123456-9",
        company="Comercial Los Aromos SpA",
        status="ready",
        casillas=casillas,
        due_date=date(2026, 9, 21),
        ppm_rate=Decimal("0.25"),
    )
