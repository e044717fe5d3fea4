from . import holiday, due_date, utm, res_company
from . import f29_map, f29_rules
from . import f29, f29_due_date, f29_line, f29_input, f29_document
from . import f29_rates, f29_company, f29_ledger, f29_honorarios, f29_carry, f29_checks, f29_warnings, f29_compute
from . import f29_documents, f29_detail, f29_export
from . import f29_workflow, f29_seal, f29_warning, f29_claim, f29_late, f29_sheet, f29_reminder
from . import f29_compare
from . import f29_account, account_move_closing, f29_closing, f29_payment, f29_cash_flow
from . import f29_annex, f29_annex_sheet
from . import f29_line_place, f29_map_label, f29_remanente, f29_utm
from . import rcv, rcv_line, rcv_codes, rcv_reconciliation, rcv_sheet, rcv_match, rcv_reconcile
from . import account_move_period, rcv_accept
