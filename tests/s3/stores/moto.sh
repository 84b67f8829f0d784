# shellcheck shell=bash
# moto's server: S3 in the memory of a Python program, which asks for no keys. Apache-2.0; from PyPI,
# with everything it needs at the versions of moto.txt.
title='moto server'
version=5.2.5
needs=(python3=python3)

# build DIRECTORY: leaves a virtual environment there.
build() {
    if ! python3 -c 'import ensurepip' 2>/dev/null; then
        scripts/setup /usr/share/doc/python3-venv=python3-venv
    fi
    python3 -m venv "$1/venv" &&
        "$1/venv/bin/pip" install --quiet --no-input --no-deps --only-binary :all: \
            --requirement tests/s3/stores/moto.txt
}

# serve DIRECTORY WORK PORT: becomes the server.
serve() {
    exec env -i PATH="$PATH" HOME="$2" "$1/venv/bin/python" -m moto.server --host 127.0.0.1 --port "$3"
}
