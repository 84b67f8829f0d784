#!/bin/bash
# Entry point of the locally built Neo4j images; behaves as that of the official ones as far as
# tests and sandboxes rely on it: every variable NEO4J_… is a setting of neo4j.conf, NEO4J_AUTH
# counts only where the command is `neo4j`, and root gives its rights away. Plugins are not
# downloaded, and secrets are not read from files.
set -eu

cmd=$1
conf=$NEO4J_HOME/conf/neo4j.conf
as=()

default_to() { # SETTING VALUE
    grep -q "^$1=" "$conf" || printf '%s=%s\n' "$1" "$2" >>"$conf"
}

set_to() { # SETTING VALUE
    if [ "$1" != server.jvm.additional ] && grep -qF "$1=" "$conf"; then
        sed --in-place "/^$1=.*/d" "$conf"
    fi
    printf '%s=%s\n' "$1" "$2" >>"$conf"
}

settings() { # of the environment
    local name setting
    for name in $(compgen -v NEO4J_ | sort -r); do
        case $name in
        NEO4J_ACCEPT_LICENSE_AGREEMENT | NEO4J_AUTH | NEO4J_AUTH_PATH | NEO4J_DEBUG | \
            NEO4J_EDITION | NEO4J_HOME | NEO4J_PLUGINS | NEO4J_SHA256 | NEO4J_TARBALL | \
            NEO4J_DEPRECATION_WARNING | *_FILE) continue ;;
        esac
        [ -n "${!name}" ] || continue
        setting=$(sed 's/^NEO4J_//; s/_/./g; s/\.\./_/g' <<<"$name")
        case $setting in
        [0-9]*) echo >&2 "$name: no setting begins with a digit; ignored." ;;
        *) set_to "$setting" "${!name}" ;;
        esac
    done
}

authentication() { # NEO4J_AUTH
    case $1 in
    '') ;;
    none) set_to dbms.security.auth_enabled false ;;
    neo4j/neo4j | neo4j/neo4j/*)
        echo >&2 "NEO4J_AUTH: the default password, neo4j, is refused."
        exit 1
        ;;
    neo4j/*/[Tt][Rr][Uu][Ee])
        password=${1#neo4j/}
        "${as[@]}" neo4j-admin dbms set-initial-password "${password%/*}" --require-password-change
        ;;
    neo4j/?*) "${as[@]}" neo4j-admin dbms set-initial-password "${1#neo4j/}" ;;
    */*)
        echo >&2 'NEO4J_AUTH: the user can only be neo4j.'
        exit 1
        ;;
    *)
        echo >&2 'NEO4J_AUTH: neither none nor neo4j/PASSWORD.'
        exit 1
        ;;
    esac
}

if [ "$(id -u)" = 0 ]; then
    as=(setpriv --reuid=neo4j --regid=neo4j --clear-groups --)
    chown -R neo4j:neo4j "$NEO4J_HOME"
    for mounted in /data /logs; do
        [ -z "$("${as[@]}" find "$mounted" ! -writable)" ] || chown -R neo4j:neo4j "$mounted"
    done
fi
if [ -d /conf ]; then
    rm -rf "$NEO4J_HOME"/conf/*
    cp -R /conf/. "$NEO4J_HOME/conf"
fi
[ -e "$conf" ] || : >>"$conf"
for mounted in plugins import logs; do
    [ ! -d "/$mounted" ] || eval ": \${NEO4J_server_directories_$mounted:=/$mounted}"
done
default_to server.memory.pagecache.size 512M
default_to server.default_listen_address 0.0.0.0
settings
[ "$cmd" != neo4j ] || authentication "${NEO4J_AUTH-}"
rm -f "$NEO4J_HOME/run/neo4j.pid"

if [ "$cmd" = neo4j ]; then # the server itself is the process, and not a launcher before it
    command=$("${as[@]}" neo4j console --dry-run)
    eval exec "${as[@]}" "$command"
fi
exec "${as[@]}" "$@"
