#!/usr/bin/env bash
# Installs the Debian packages that the tests and the screenshots use and pip does not serve: a mail server, a browser.
# Quick when they are there. Exit code 0 when all are there in the end, else 1 with the reason; as root or with sudo.
set -euo pipefail

packages=()
command -v dovecot >/dev/null || [ -x /usr/sbin/dovecot ] || packages+=(dovecot-imapd)
command -v chromium >/dev/null || packages+=(chromium)
[ ${#packages[@]} -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "debian: this is no Debian; install by its own means: ${packages[*]}" >&2
    exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
        echo "debian: neither root nor sudo without a password; install by hand: ${packages[*]}" >&2
        exit 1
    fi
    as_root=(sudo -n)
fi

apt() {
    # A package may start its service when it is installed; the tests run servers of their own, so nothing may be started.
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=120 "$@"
}

echo "debian: installing ${packages[*]}"
if ! { apt install -y --no-install-recommends "${packages[@]}" || { apt update && apt install -y --no-install-recommends "${packages[@]}"; }; } \
    >/dev/null </dev/null; then
    echo "debian: apt-get could not install: ${packages[*]}" >&2
    exit 1
fi
