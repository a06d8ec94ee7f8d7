#!/bin/sh
# Is there a chromium for `make test-report`? If not, install it where that is allowed: as root, with apt-get, within
# five minutes. Says why not otherwise.
has_chromium() { [ -n "$CHROMIUM" ] || command -v chromium >/dev/null || command -v chromium-browser >/dev/null; }

skip() {
    echo "make test-report is skipped: there is no chromium, and $1"
    exit 1
}

has_chromium && exit 0
[ "$(id -u)" = 0 ] || skip "only root can install the Debian package chromium"
command -v apt-get >/dev/null || skip "there is no apt-get to install the Debian package chromium with"
export DEBIAN_FRONTEND=noninteractive
timeout 60 apt-get -qq update >/dev/null 2>&1
timeout 240 apt-get -qq install --yes --no-install-recommends chromium >/dev/null 2>&1
has_chromium || skip "apt-get could not install the Debian package chromium in time"
