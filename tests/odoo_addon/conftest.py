"""Lets plain pytest import the add-on's pure modules (``core``) and its renderer, without Odoo."""

import sys
from pathlib import Path

ADDON = Path(__file__).parents[2] / "odoo_addon"
sys.path[:0] = [str(ADDON / "of_sii_cl"), str(ADDON)]
