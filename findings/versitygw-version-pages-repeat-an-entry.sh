#!/usr/bin/env bash
# Versity S3 Gateway 1.8.0 (posix with --versioning-dir): a page of ListObjectVersions that ends at
# the newest version of a key is followed by a page that begins with that same version again.
#
# Expected: as on S3, the next page begins behind the markers that this one gave, and every version
# is listed once. Whoever adds up sizes counts one twice.
#
# Seen on 2026-11-29, three versions of one key, two entries a page (MaxKeys=2) behind an entry of
# another key:
#   entries listed: 5, different ones: 4
# Exits with 1 if that changes.
set -euo pipefail
work=$(mktemp -d)
server=
finish() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    chmod -R u+w "$work"
    rm -rf "$work"
}
trap finish EXIT
cd "$work"

python3 -m venv venv
venv/bin/pip install --quiet boto3==1.44.8
CGO_ENABLED=0 GOBIN=$work GOPATH=$work/go GOCACHE=$work/objects \
    go install github.com/versity/versitygw/cmd/versitygw@v1.8.0
mkdir data versions
port=$((20000 + RANDOM % 12000))
ROOT_ACCESS_KEY=identity ROOT_SECRET_KEY=credential-credential \
    ./versitygw --port "127.0.0.1:$port" \
    posix --versioning-dir "$work/versions" "$work/data" >log 2>&1 &
server=$!
for _ in $(seq 600); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then break; fi
    sleep 0.2
done

venv/bin/python - "$port" <<'PY'
import sys, boto3
from botocore.config import Config

s3 = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{sys.argv[1]}", region_name="us-east-1",
                  aws_access_key_id="identity", aws_secret_access_key="credential-credential",
                  config=Config(s3={"addressing_style": "path"}))
s3.create_bucket(Bucket="bucket")
s3.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
s3.put_object(Bucket="bucket", Key="a", Body=b"0")
for number in range(3):
    s3.put_object(Bucket="bucket", Key="b", Body=b"%d" % number)
listed, markers = [], {}
for _ in range(10):
    page = s3.list_object_versions(Bucket="bucket", MaxKeys=2, **markers)
    listed += [(entry["Key"], entry["VersionId"]) for entry in page.get("Versions", [])]
    if not page["IsTruncated"]:
        break
    markers = {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page["NextVersionIdMarker"]}
print(f"entries listed: {len(listed)}, different ones: {len(set(listed))}")
sys.exit((len(listed), len(set(listed))) != (5, 4))
PY
