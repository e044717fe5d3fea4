from . import dialog, f29_approve, f29_export, f29_file, f29_part, rcv_accept, rcv_load
