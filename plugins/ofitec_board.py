"""Registers the OFITEC board where the wheel is not installed; all of it is in `ofitec.board.plugin`."""

from ofitec.board.plugin import OfitecBoard

__all__ = ["OfitecBoard"]
