# shellcheck shell=bash disable=SC2034,SC2154 # shares its variables with `build`, which sources it
# recipe.sh: Redis and Valkey, equal to their official images, from Debian's packages.

user=${package%-server}
owner=999
owned=(data)

# What the official images hold beside the server, as far as tests and sandboxes call it.
packages=("$package" bash coreutils dash findutils grep sed util-linux)
# Named so that apt does not take all of systemd for a dependency on one of its helpers.
[ "$suite" != sid ] || packages+=(systemd-standalone-sysusers systemd-standalone-tmpfiles)

changes() {
    cat <<-CHANGES
	ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	VOLUME /data
	WORKDIR /data
	EXPOSE 6379
	ENTRYPOINT ["docker-entrypoint.sh"]
	CMD ["$package"]
	CHANGES
}

available() { # the upstream version in the suite: 5:7.0.15-1~deb12u7 -> 7.0.15
    { apt-cache show --no-all-versions "$package" 2>/dev/null || true; } |
        sed -n 's/^Version: \([0-9]*:\)\{0,1\}\([0-9.]*\).*/\2/p'
}

make_root() {
    local found tool root=$work/root
    found=$(available)
    if [ "${found%.*}" != "${version%.*}" ] ||
        [ "$(printf '%s\n' "$version" "$found" | sort -V | tail -n 1)" != "$found" ]; then
        give_up "$suite offers $package ${found:-nothing}, not $version"
    fi
    fetch "${packages[@]}"
    unpack "$root"
    clear_out "$root" "$user" "$owner" /data
    echo "$package" >"$root/etc/image-server"
    install -m 755 "$recipe/docker-entrypoint.sh" "$root/usr/local/bin/docker-entrypoint.sh"
    if [ "$user" = valkey ]; then # as the official image: the old names keep working
        for tool in server cli check-rdb check-aof benchmark sentinel; do
            ln -sf "valkey-$tool" "$root/usr/bin/redis-$tool"
        done
    fi
    made="$package $found from $suite"
}
