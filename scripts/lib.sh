# shellcheck shell=bash
# lib.sh: paths and functions that the other scripts share. Source it; it runs nothing by itself.

workspace=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/backup-witness

say() { printf '== %s\n' "$*" >&2; }

# skip NAME REASON: says that the tests of NAME cannot run here. A skip is printed, counted at the
# end of `make test`, and a failure if REQUIRE names it.
skip() {
    local name=$1 reason=$2
    printf 'skipped: %s: %s\n' "$name" "$reason" >&2
    [ -z "${SKIPS_FILE-}" ] || printf '%s: %s\n' "$name" "$reason" >>"$SKIPS_FILE"
    case ",${REQUIRE-}," in
    *",$name,"*)
        printf 'error: REQUIRE names %s, so this is a failure\n' "$name" >&2
        return 1
        ;;
    esac
}

# --- what the demos print
bold='' plain='' number=0
if [ -t 1 ]; then bold=$(printf '\033[1m') plain=$(printf '\033[0m'); fi
step() { number=$((number + 1)); printf '\n%s%d. %s%s\n' "$bold" "$number" "$*" "$plain"; }
indent() { sed -e "s|${work:?}|.|g" -e 's/^/   /'; }
