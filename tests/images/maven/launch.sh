#!/bin/sh
# bin/neo4j, bin/neo4j-admin and bin/cypher-shell: starts the class of the name it is called by.
# The class reads NEO4J_HOME, NEO4J_CONF, HEAP_SIZE and JAVA_OPTS by itself.
set -e

home=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
export NEO4J_HOME="${NEO4J_HOME:-$home}"

case ${0##*/} in
neo4j) class=org.neo4j.server.startup.Neo4jCommand ;;
neo4j-admin) class=org.neo4j.server.startup.Neo4jAdminCommand ;;
cypher-shell) class=org.neo4j.shell.Main ;;
esac

# shellcheck disable=SC2086 # options are words
exec "${JAVA_HOME:+$JAVA_HOME/bin/}java" $JAVA_OPTS -Xmx128m -XX:+UseSerialGC \
    -classpath "$home/lib/*" -Dapp.name="${0##*/}" -Dbasedir="$home" "$class" "$@"
