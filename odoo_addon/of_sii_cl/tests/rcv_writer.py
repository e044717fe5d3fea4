"""Writes files of the SII's register from plain rows, by the headers of the samples; knows nothing of the reader."""

from odoo.tools import file_open

FILES = {
    "sales": "RCV_VENTA_76123456-0_202607.csv",
    "purchases": "RCV_COMPRA_REGISTRO_76123456-0_202607.csv",
    "pending": "RCV_COMPRA_PENDIENTE_76123456-0_202607.csv",
    "not_included": "RCV_COMPRA_NO_INCLUIR_76123456-0_202607.csv",
    "claimed": "RCV_COMPRA_RECLAMADO_76123456-0_202607.csv",
    "summary": "RCV_RESUMEN_VENTA_76123456_202607.csv",
    "honorarios": "BHE_RECIBIDAS_76123456-0_202607.csv",
}


def sample(section):
    """Bytes of the shipped sample of a section."""
    with file_open(f"of_sii_cl/tests/rcv/{FILES[section]}", "rb") as file:
        return file.read()


def write(section, rows):
    """The file of a section (bytes). ``rows``: dicts of type, rut, folio, name, date, amounts in whole pesos,
    ``others`` [(CodImp, amount)]; what is missing is empty."""
    header = sample(section).split(b"\n", 1)[0].decode("utf-8-sig").strip()
    lines = [header]
    for number, row in enumerate(rows, start=1):
        first, *further = _cells(section, number, row)
        lines.append(_line(header, first))
        lines += [_line(header, cells) for cells in further]
    return ("\r\n".join(lines) + "\r\n").encode("latin-1" if section == "purchases" else "utf-8")


def _line(header, cells):
    unknown = set(cells) - set(header.split(";"))
    if unknown:
        raise KeyError(f"no column {unknown}")
    return ";".join(str(cells.get(column, "")) for column in header.split(";")) + ";"


def _cells(section, number, row):
    if section == "summary":
        return [
            {
                "Tipo Documento": f"Documentos del mes({row['type']})",
                "Total Documentos": row["documents"],
                "Monto Exento": row.get("exempt", 0),
                "Monto Neto": row.get("net", 0),
                "Monto IVA": row.get("vat", 0),
                "Monto Total": row["total"],
            }
        ]
    date = f"{row['date']:%d/%m/%Y}"
    if section == "honorarios":
        return [
            {
                "N° Boleta": row["folio"],
                "Fecha": date,
                "Estado": row.get("state", "VIGENTE"),
                "Rut": row["rut"],
                "Nombre": row.get("name", "Profesional"),
                "Brutos": row["net"],
                "Retenido": row["withheld"],
                "Pagado": row["total"],
            }
        ]
    sale = section == "sales"
    others = [*row.get("others", []), *([("15", row["withheld"])] if row.get("withheld") and not sale else [])]
    tax = "Otro Imp." if sale else "Otro Impuesto"
    cells = {
        "Nro": number,
        "Tipo Doc": row["type"],
        "Razon Social": row.get("name", "Contraparte SpA"),
        "Folio": row["folio"],
        "Fecha Docto": date,
        "Fecha Recepcion": row.get("received", f"{date} 10:00:00"),
        "Monto Exento": row.get("exempt", 0),
        "Monto Neto": row.get("net", 0),
    }
    if sale:
        cells |= {
            "Tipo Venta": row.get("nature", "Del Giro"),
            "Rut cliente": row["rut"],
            "Monto IVA": row.get("vat", 0),
            "Monto total": row["total"],
            "IVA Retenido Total": row.get("withheld", 0),
            "Tipo Docto. Referencia": row.get("reference_type", ""),
            "Folio Docto. Referencia": row.get("reference_folio", ""),
        }
    else:
        cells |= {
            "Tipo Compra": row.get("nature", "Del Giro"),
            "RUT Proveedor": row["rut"],
            "Monto IVA Recuperable": row.get("vat", 0),
            "Monto Iva No Recuperable": row.get("lost_vat", ""),
            "Monto Neto Activo Fijo": row.get("fixed_net", ""),
            "IVA Activo Fijo": row.get("fixed_vat", ""),
            "IVA uso Comun": row.get("common_vat", ""),
            "Monto Total": row["total"],
        }
    written = [
        cells | ({f"Codigo {tax}": code, f"Valor {tax}": amount} if code else {})
        for code, amount in (others or [("", 0)])
    ]
    for further in written[1:]:
        further["Nro"] = ""
        if sale:
            further.update({"Monto Exento": "", "Monto Neto": "", "Monto IVA": "", "Monto total": ""})
    return written
