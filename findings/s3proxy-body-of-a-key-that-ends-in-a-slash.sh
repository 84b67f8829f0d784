#!/usr/bin/env bash
# S3Proxy 4.1.0 (filesystem-nio2) answers 200 to a PUT of five bytes under a key that ends in "/",
# and has lost them: HEAD says 0 bytes and GET gives none.
#
# Expected: as on S3, where "backups/" is a key like any other, the bytes are there; or the PUT is
# refused, as Versity S3 Gateway 1.8.0 does with 400. A producer that writes to "$PREFIX/$NAME" with
# an empty NAME is told that its backup succeeded.
#
# Seen on 2026-11-29:
#   PUT 200, HEAD ContentLength=0, GET 0 bytes
# (With a checksum in the PUT, which boto3 gives unless told otherwise, S3Proxy keeps that of the
# five bytes, and boto3 refuses the empty answer.)
# Exits with 1 if that changes.
set -euo pipefail
work=$(mktemp -d)
server=
finish() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
cd "$work"

python3 -m venv venv
venv/bin/pip install --quiet boto3==1.44.8
cat >pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>x</groupId><artifactId>x</artifactId><version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.gaul</groupId><artifactId>s3proxy</artifactId><version>4.1.0</version>
    </dependency>
    <dependency>
      <groupId>com.fasterxml.jackson.core</groupId>
      <artifactId>jackson-annotations</artifactId><version>2.21</version>
    </dependency>
  </dependencies>
</project>
POM
mvn --quiet --batch-mode dependency:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory=lib
mkdir data
port=$((20000 + RANDOM % 12000))
printf '%s\n' "s3proxy.endpoint=http://127.0.0.1:$port" s3proxy.authorization=aws-v2-or-v4 \
    s3proxy.identity=identity s3proxy.credential=credential \
    jclouds.provider=filesystem-nio2 "jclouds.filesystem.basedir=$work/data" >properties
LOG_LEVEL=warn java -cp 'lib/*' org.gaul.s3proxy.Main --properties properties >log 2>&1 &
server=$!
for _ in $(seq 600); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then break; fi
    sleep 0.2
done

venv/bin/python - "$port" <<'PY'
import sys, boto3
from botocore.config import Config

s3 = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{sys.argv[1]}", region_name="us-east-1",
                  aws_access_key_id="identity", aws_secret_access_key="credential",
                  config=Config(s3={"addressing_style": "path"},
                                request_checksum_calculation="when_required"))
s3.create_bucket(Bucket="bucket")
put = s3.put_object(Bucket="bucket", Key="backups/", Body=b"bytes")
put = put["ResponseMetadata"]["HTTPStatusCode"]
head = s3.head_object(Bucket="bucket", Key="backups/")["ContentLength"]
got = len(s3.get_object(Bucket="bucket", Key="backups/")["Body"].read())
print(f"PUT {put}, HEAD ContentLength={head}, GET {got} bytes")
sys.exit((put, head, got) != (200, 0, 0))
PY
