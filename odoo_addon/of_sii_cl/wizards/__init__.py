from . import f29_export, f29_part
