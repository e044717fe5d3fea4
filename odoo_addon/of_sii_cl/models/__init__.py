from . import holiday, utm, res_company
from . import f29_map, f29_rules
from . import f29, f29_line, f29_input
from . import f29_rates, f29_company, f29_ledger, f29_honorarios, f29_carry, f29_checks, f29_warnings, f29_compute
from . import f29_documents, f29_detail, f29_export
