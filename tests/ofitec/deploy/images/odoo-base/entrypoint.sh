#!/bin/sh
# The official image's entrypoint runs any command but `odoo` and options as it is given; this project uses only that.
exec "$@"
