# shellcheck shell=bash
# S3Proxy: a directory served as S3 by a Java program, without versions. Apache-2.0; from Maven
# Central, with everything it needs at the versions of s3proxy.xml.
title=S3Proxy
version=4.1.0
needs=(mvn=maven java=default-jre-headless)

# build DIRECTORY: leaves the archives there.
build() {
    mvn --quiet --batch-mode --file tests/s3/stores/s3proxy.xml dependency:copy-dependencies \
        -DincludeScope=runtime -DoutputDirectory="$1/lib"
}

# serve DIRECTORY WORK PORT: becomes the server; the keys are in the environment.
serve() {
    mkdir "$2/data"
    printf '%s\n' "s3proxy.endpoint=http://127.0.0.1:$3" s3proxy.authorization=aws-v2-or-v4 \
        "s3proxy.identity=$S3_ACCESS_KEY_ID" "s3proxy.credential=$S3_SECRET_ACCESS_KEY" \
        jclouds.provider=filesystem-nio2 "jclouds.filesystem.basedir=$2/data" >"$2/properties"
    # Without a UTF-8 locale Java makes no file of a name with other letters than ASCII's.
    exec env -i PATH="$PATH" HOME="$2" LANG=C.UTF-8 LOG_LEVEL=warn \
        java -cp "$1/lib/*" org.gaul.s3proxy.Main --properties "$2/properties"
}
