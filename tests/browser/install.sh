#!/bin/sh
# Installs the browsers that tests use, where this runs as root on Debian. A browser that is missing afterwards
# fails nothing: its tests are skipped with the reason.
set -u
packages="chromium chromium-driver firefox-esr webkit2gtk-driver gir1.2-webkit2-4.1 python3-gi xvfb"

missing() {
    for package in $packages; do
        dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || printf ' %s' "$package"
    done
}

wanted=$(missing)
[ -n "$wanted" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing browsers for the tests, once:$wanted …"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq || true
    for package in $wanted; do # one by one, so that one that cannot be had keeps no other from being installed
        said=$(apt-get install -y -qq --no-install-recommends "$package" 2>&1) || echo "$said" | tail -n 3
    done
    wanted=$(missing)
    [ -n "$wanted" ] || exit 0
fi
echo "Not installed:$wanted. Tests that need them are skipped. As root on Debian, \`make browsers\` installs them."
