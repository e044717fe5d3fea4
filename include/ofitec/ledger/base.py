"""What every table of the ledger has in common."""

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Date, DateTime, MetaData, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

SCHEMA = "ofitec"


class Base(DeclarativeBase):
    """Declarative base; every table is in schema `ofitec`."""

    metadata = MetaData(schema=SCHEMA)
    type_annotation_map: ClassVar = {
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
        str: Text,
        int: BigInteger,
        datetime: DateTime(timezone=True),
        date: Date,
    }
