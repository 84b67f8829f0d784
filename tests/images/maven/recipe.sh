# shellcheck shell=bash disable=SC2034,SC2154 # shares its variables with `build`, which sources it
# recipe.sh: Neo4j Community, equal to its official image, from what the project publishes at
# Maven's central repository, a Java runtime made of Debian's JDK, and Debian's packages.
#
# Maven resolves and downloads, so that mirrors and proxies of the person who builds are honoured;
# VERSION.sha256 says which files are right.

home=var/lib/neo4j
java=opt/java/openjdk
owner=7474
owned=(data logs "$home")

# What the official image holds beside the server, as far as tests and sandboxes call it; the last
# three are what a Java runtime links to.
packages=(bash coreutils dash findutils grep mawk procps sed tini util-linux
    libgcc-s1 libstdc++6 zlib1g)

# All of Java SE, and what servers use beside it: no compiler, no tools, no languages.
modules=java.se,jdk.charsets,jdk.crypto.cryptoki,jdk.crypto.ec,jdk.httpserver
modules+=,jdk.incubator.vector,jdk.jfr,jdk.management,jdk.management.agent,jdk.naming.dns,jdk.net
modules+=,jdk.nio.mapmode,jdk.security.auth,jdk.security.jgss,jdk.unsupported,jdk.xml.dom,jdk.zipfs

commands=(neo4j neo4j-admin)
profiles=()
case $version in
5.*) commands+=(cypher-shell) profiles=(--activate-profiles cypher-shell) ;;
esac

# Far more than 200 files take on a slow line; without it a silent server would hold up everything.
patience=900

changes() {
    cat <<-CHANGES
	ENV PATH=/$home/bin:/$java/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	ENV JAVA_HOME=/$java
	ENV NEO4J_HOME=/$home
	ENV NEO4J_EDITION=community
	ENV LANG=C.UTF-8
	VOLUME /data
	VOLUME /logs
	WORKDIR /$home
	EXPOSE 7474
	EXPOSE 7473
	EXPOSE 7687
	ENTRYPOINT ["tini", "-g", "--", "/startup/docker-entrypoint.sh"]
	CMD ["neo4j"]
	CHANGES
}

# Maven's own configuration of this machine counts; only where it keeps files is ours.
jars() { # INTO
    local store=${XDG_CACHE_HOME:-$HOME/.cache}/backup-witness/maven lock=$recipe/$version.sha256
    command -v mvn >/dev/null || give_up 'Maven is missing: install maven'
    mkdir -p "$store"
    exec 9>"$store/lock"
    ! command -v flock >/dev/null || flock 9 # the store bears one Maven at a time
    timeout "$patience" mvn --batch-mode --quiet --file "$recipe/pom.xml" \
        -Dneo4j.version="$version" -Dmaven.repo.local="$store" -DincludeScope=runtime \
        -DoutputDirectory="$1" "${profiles[@]}" dependency:copy-dependencies \
        >"$work/log" 2>&1 || {
        sed -n '/ERROR/{p;q}' "$work/log"
        : >"$work/log"
        give_up "Maven could not download Neo4j $version"
    }
    exec 9>&-
    (cd "$1" && sha256sum ./*.jar | LC_ALL=C sort -k 2) >"$work/jars"
    [ "${LOCK-}" != write ] || cp "$work/jars" "$lock"
    diff "$lock" "$work/jars" >"$work/log" || give_up "what was downloaded is not what $lock lists"
}

# The suite's programs run with the suite's own libraries: this machine's may be older.
foreign() { # TREE PROGRAM ARGUMENT…
    local tree=$1 libraries loader
    shift
    libraries=$(echo "$tree"/usr/lib/*-linux-gnu)
    loader=$(echo "$libraries"/ld-linux*.so.*)
    "$loader" --library-path "$libraries:$tree/lib" "$@" >"$work/log" 2>&1 ||
        give_up "${1##*/} failed"
}

runtime() { # TREE INTO: a Java runtime out of the JDK in TREE
    local jdk link
    jdk=$(find "$1/usr/lib/jvm" -mindepth 2 -maxdepth 2 -name jmods -type d)
    jdk=${jdk%/jmods}
    find "$jdk" -type l -lname '/etc/*' | while read -r link; do # made for the machine's root
        ln -sf "$1$(readlink "$link")" "$link"
    done
    mkdir -p "${2%/*}"
    foreign "$1" "$jdk/bin/jlink" --module-path "$jdk/jmods" --add-modules "$modules" \
        --strip-java-debug-attributes --no-header-files --no-man-pages --output "$2"
    foreign "$1" "$2/bin/java" -Xshare:dump # as every Java installation has it; jlink leaves it out
}

make_root() {
    local root=$work/root name
    fetch "${packages[@]}"
    unpack "$root"
    fetch "$package"
    unpack "$work/jdk"
    clear_out "$root" neo4j "$owner" "/$home"
    runtime "$work/jdk" "$root/$java"
    mkdir -p "$root"/{logs,startup} "$root/$home"/{bin,conf,import,labs,lib,licenses,plugins,run}
    jars "$root/$home/lib"
    install -m 755 "$recipe/docker-entrypoint.sh" "$root/startup"
    install -m 644 "$recipe/neo4j.conf" "$root/$home/conf"
    for name in "${commands[@]}"; do
        install -m 755 "$recipe/launch.sh" "$root/$home/bin/$name"
    done
    ln -s /data "$root/$home/data"
    ln -s /logs "$root/$home/logs"
    chmod 777 "$root"/{data,logs} "$root/$home" "$root/$home"/{conf,import,plugins,run}
    made="Neo4j $version, Java of $package from $suite"
}
