#!/bin/sh
# The browser tests need a Chromium. Finds one, or installs one where that is possible; says so where it is not.
set -u
for name in chromium chromium-browser google-chrome; do
  command -v "$name" >/dev/null 2>&1 && exit 0
done
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
  echo "Installing Chromium for the browser tests ..."
  if apt-get update -qq >/dev/null 2>&1 &&
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      chromium fonts-dejavu-core >/dev/null 2>&1; then
    exit 0
  fi
fi
echo "Installing a Chromium of Playwright's for the browser tests ..."
.venv/bin/playwright install chromium >/dev/null 2>&1 && exit 0
echo "No Chromium could be installed: the browser tests will be skipped, and say so."
exit 0
