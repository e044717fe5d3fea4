"""The demo's company in Odoo: its chart, partners and a month of documents."""
