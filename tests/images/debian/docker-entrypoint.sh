#!/bin/sh
# Entry point of the locally built images; behaves as that of the official ones: options alone mean
# the server, root gives its rights away before serving, files are private, and protected mode is
# off, which the official images compile in (facts of docker-library-redis and valkey-container).
set -e

server=$(cat /etc/image-server) # redis-server or valkey-server, written by the recipe
user=${server%-server}

case ${1-} in
-* | *.conf) set -- "$server" "$@" ;;
esac

if [ "${1-}" = "$server" ]; then
    if [ "$(id -u)" = 0 ]; then
        find . ! -user "$user" -exec chown "$user" {} +
        exec setpriv --reuid="$user" --regid="$user" --clear-groups -- "$0" "$@"
    fi
    shift
    case ${1-} in
    -v | --version | -h | --help) set -- "$server" "$@" ;;
    '' | -*) set -- "$server" --protected-mode no "$@" ;;
    *) # a configuration file has to stay the first argument
        file=$1
        shift
        set -- "$server" "$file" --protected-mode no "$@"
        ;;
    esac
fi

[ "$(umask)" != 0022 ] || umask 0077
exec "$@"
