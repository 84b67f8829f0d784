# shellcheck shell=bash
# Versity S3 Gateway: a directory served as S3, older versions in a second one. Apache-2.0; built
# from its Go module in about three minutes on two cores.
title='Versity S3 Gateway'
version=v1.8.0
needs=(go=golang-go)

# build DIRECTORY: leaves the program there.
build() {
    local packages=$1/packages
    CGO_ENABLED=0 GOBIN=$1 GOPATH=$packages GOCACHE=$packages/objects GOFLAGS=-modcacherw \
        nice go install "github.com/versity/versitygw/cmd/versitygw@$version" || return 1
    rm -rf "$packages" # sources and objects, of no use to anything else
}

# serve DIRECTORY WORK PORT: becomes the server; the keys are in the environment.
serve() {
    mkdir "$2/data" "$2/versions"
    exec env -i PATH="$PATH" HOME="$2" \
        ROOT_ACCESS_KEY="$S3_ACCESS_KEY_ID" ROOT_SECRET_KEY="$S3_SECRET_ACCESS_KEY" \
        "$1/versitygw" --port "127.0.0.1:$3" posix --versioning-dir "$2/versions" "$2/data"
}
