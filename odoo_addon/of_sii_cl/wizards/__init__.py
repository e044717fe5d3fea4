from . import dialog, f29_approve, f29_compare, f29_export, f29_file, f29_part, f29_trial
from . import rcv_accept, rcv_load, utm_load
