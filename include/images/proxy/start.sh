#!/bin/sh
# Starts HAProxy, which learns from here where docker stands in this container's networks: what is published on this host's
# 127.0.0.1 comes from there, and nothing else does.
set -eu
# the gateway of the default route: eight hexadecimal digits, the last byte first
hex=$(awk '$2 == "00000000" {print $3; exit}' /proc/net/route)
bytes=$(echo "$hex" | sed -E 's/(..)(..)(..)(..)/0x\4 0x\3 0x\2 0x\1/')
# shellcheck disable=SC2086 # four words
PROXY_GATEWAY=$(printf '%d.%d.%d.%d' $bytes)
export PROXY_GATEWAY
exec haproxy -W -db -f /etc/ofitec/haproxy.cfg
