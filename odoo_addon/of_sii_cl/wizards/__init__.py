from . import f29_export
