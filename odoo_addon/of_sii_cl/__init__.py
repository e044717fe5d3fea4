from . import models, wizards
from .models import f29_touched


def uninstall_hook(env_or_cr, *_registry):
    """16.0 gives the cursor and the registry, later series the environment."""
    f29_touched.uninstall(getattr(env_or_cr, "cr", env_or_cr))
