# shellcheck shell=bash disable=SC2154 # `build` sources this and has set the variables
# packages.sh: Debian packages of a suite as files, whatever this machine is.
#
# apt resolves them in a private state directory, and their files are laid into a tree; nothing is
# installed on this machine.

mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

private_apt() {
    [ -r "$keyring" ] || give_up "$keyring is missing: install debian-archive-keyring"
    mkdir -p "$work"/apt/{etc/parts,state/lists/partial,cache/archives/partial}
    : >"$work/apt/status" # nothing is installed: everything needed is fetched
    echo "deb [signed-by=$keyring] $mirror $suite main" >"$work/apt/etc/sources.list"
    # The machine's proxies and timeouts hold here too; its hooks and sources do not.
    apt-config dump | grep '^Acquire::' >"$work/apt/apt.conf" || true
    cat >>"$work/apt/apt.conf" <<-CONF
		Dir::Etc "$work/apt/etc";
		Dir::Etc::main "none";
		Dir::Etc::parts "parts";
		Dir::Etc::sourcelist "sources.list";
		Dir::Etc::sourceparts "parts";
		Dir::Etc::preferencesparts "parts";
		Dir::State "$work/apt/state";
		Dir::State::status "$work/apt/status";
		Dir::Cache "$work/apt/cache";
		APT::Sandbox::User "root";
		APT::Install-Recommends "false";
		APT::Get::Assume-Yes "true";
		APT::Update::Error-Mode "any"; # else an unreachable mirror is only a warning
		Acquire::Languages "none";
		Acquire::Retries "3";
		Acquire::http::Timeout "30";
		Acquire::Check-Valid-Until "false"; # signatures are checked, and versions are pinned
		Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
	CONF
    export APT_CONFIG=$work/apt/apt.conf DEBIAN_FRONTEND=noninteractive
    apt-get -q update >"$work/log" 2>&1 || give_up "$mirror does not answer"
    : >"$work/log"
}

fetch() { # PACKAGE…: into the private cache, with all they depend on
    apt-get -q --download-only install "$@" >"$work/log" 2>&1 ||
        give_up 'its packages could not be downloaded'
    : >"$work/log"
}

unpack() { # TREE: of all that was fetched so far, what programs need to run
    local tree=$1 name deb
    mkdir -p "$tree/usr"/{bin,sbin,lib,lib64}
    for name in bin sbin lib lib64; do ln -s "usr/$name" "$tree/$name"; done
    for deb in "$work"/apt/cache/archives/*.deb; do
        dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$tree" --no-same-owner \
            --keep-directory-symlink --exclude='./usr/share/*' --exclude='./usr/lib/systemd/*' \
            --exclude='*/perl-base' --exclude='*/gconv' --exclude='./usr/bin/perl*'
    done
}

clear_out() { # TREE USER ID HOME: what an image has beside programs, and nothing of the packages
    local tree=$1 user=$2 id=$3 home=$4
    find "$tree/etc" -mindepth 1 -maxdepth 1 ! -name os-release ! -name debian_version \
        -exec rm -rf {} +
    (
        cd "$tree"
        rm -rf boot home media mnt opt srv var/*
        mkdir -p data dev proc sys tmp run root var/tmp usr/local/bin
        chmod 1777 tmp var/tmp
        printf '%s:x:%s:%s::%s:%s\n' root 0 0 /root /bin/bash "$user" "$id" "$id" "$home" /bin/sh \
            >etc/passwd
        printf '%s:x:%s:\n' root 0 "$user" "$id" >etc/group
        echo 'hosts: files dns' >etc/nsswitch.conf
    )
}
