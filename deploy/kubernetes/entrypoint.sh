#!/bin/sh
# Starts gatelog's functions in a container. Arguments are added to those of `spin up`.
#
# MYSQL_DSN, in the form of Higress's log-collector (user:password@tcp(host:3306)/database?…), selects MySQL. Everything else
# is a variable of Spin: SPIN_VARIABLE_INGEST_TOKEN, RUNTIME_CONFIG_FILE.
set -eu

if [ -n "${MYSQL_DSN:-}" ]; then
    export SPIN_VARIABLE_STORE="${SPIN_VARIABLE_STORE:-mysql}"
    export SPIN_VARIABLE_MYSQL_DSN="$MYSQL_DSN"
    if [ -z "${SPIN_VARIABLE_MYSQL_HOST:-}" ]; then
        # Spin must know which host it may connect to. A password may hold any character, so the address is looked for in what
        # follows the last @ before the last /.
        address=${MYSQL_DSN%/*}
        address=${address##*@}
        case $address in
        'tcp('*')') address=${address#'tcp('} address=${address%')'} ;;
        *) address=127.0.0.1:3306 ;;
        esac
        case $address in
        *']') address=$address:3306 ;; # an IPv6 address without a port
        *:*) ;;
        *) address=$address:3306 ;;
        esac
        export SPIN_VARIABLE_MYSQL_HOST="$address"
    fi
    unset MYSQL_DSN
fi

# A RUNTIME_CONFIG_FILE of your own takes the place of this one; repeat its only line in yours.
export RUNTIME_CONFIG_FILE="${RUNTIME_CONFIG_FILE:-/gatelog/deploy/no-log-files.toml}"
exec spin up --from "${GATELOG_MANIFEST:-/gatelog/spin.toml}" --state-dir "${GATELOG_STATE:-/var/lib/gatelog}" \
    --listen "${GATELOG_LISTEN:-0.0.0.0:8080}" "$@"
