#!/bin/sh
# Installs the browsers that tests use, if it runs as root on Debian. Tests of a browser that is still missing
# afterwards are skipped with the reason.
set -u
packages="chromium chromium-headless-shell chromium-driver firefox-esr webkit2gtk-driver gir1.2-webkit2-4.1 python3-gi xvfb"

missing() {
    for package in $packages; do
        dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || printf ' %s' "$package"
    done
}

packages_to_install=$(missing)
[ -n "$packages_to_install" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing browsers for the tests, once:$packages_to_install …"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq || true
    for package in $packages_to_install; do # one by one, so that an unavailable package does not block the others
        output=$(apt-get install -y -qq --no-install-recommends "$package" 2>&1) || echo "$output" | tail -n 3
    done
    packages_to_install=$(missing)
    [ -n "$packages_to_install" ] || exit 0
fi
echo "Not installed:$packages_to_install. Tests that need them are skipped. As root on Debian, \`make browsers\` installs them."
