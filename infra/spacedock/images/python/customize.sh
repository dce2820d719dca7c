#!/bin/sh
# Gives a Debian root file system the Python of python:3.11-slim: interpreter, pip and packages in /usr/local, where
# pip installs for root without asking and for other users into their home. Run by mmdebstrap as a hook; $1 is the
# root file system, $2 the folder with what this host trusts (ca.crt and pip.conf, either may be empty).
set -eu

root=$1
trusted=$2
version=3.11
local=$root/usr/local
lib=$local/lib/python$version
unpacked=$root/tmp/python

mkdir "$unpacked"
(
  cd "$unpacked"
  APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get download --quiet --option APT::Sandbox::User=root \
    python$version-minimal libpython$version-minimal libpython$version-stdlib libpython$version-dev \
    python$version-venv python3-pip-whl python3-setuptools-whl python3-wheel-whl
  for package in *.deb; do dpkg-deb --extract "$package" .; done
)

# Moved, not installed: dpkg would own the files, and refuse pip, as Debian's Python does.
mkdir -p "$local/bin" "$local/lib" "$local/include"
mv "$unpacked/usr/bin/python$version" "$local/bin/"
mv "$unpacked/usr/lib/python$version" "$local/lib/"
mv "$unpacked"/usr/include/* "$local/include/"
mv "$unpacked/usr/share/python-wheels" "$root/usr/share/"
rm -rf "$unpacked" "$lib/EXTERNALLY-MANAGED" "$lib/sitecustomize.py" "$lib"/config-*/*.a
ln -s "python$version" "$local/bin/python3"
ln -s python3 "$local/bin/python"

# Debian's pip installs into dist-packages below a second `local`, the official one into site-packages. Where Python
# looks cannot be changed the same way: `site` is frozen into the interpreter.
sed -i "s/prefix_scheme = 'posix_local'/prefix_scheme = 'posix_prefix'/" "$lib/sysconfig.py"
mkdir -p "$lib/site-packages"
ln -s site-packages "$lib/dist-packages"

# mmdebstrap leaves there what it was given for apt, with the passwords of mirrors and proxies. What a base holds, any
# Space that is built on it can read.
for given in "$root"/etc/apt/sources.list "$root"/etc/apt/apt.conf.d/*; do
  [ ! -f "$given" ] || sed -i 's#\(://\)[^/[:space:]"]*@#\1#g' "$given"
done

cp "$trusted/ca.crt" "$trusted/pip.conf" "$root/tmp/"
chroot "$root" sh -eu <<'INSIDE'
python - <<'PYTHON'
import os, pathlib, sys, sysconfig

packages = sysconfig.get_path("purelib")
assert packages == "/usr/local/lib/python3.11/site-packages", packages
assert packages in map(os.path.realpath, sys.path), sys.path

# One file a certificate is what update-ca-certificates takes; what Debian brings is left out.
end = "-----END CERTIFICATE-----"
known = pathlib.Path("/etc/ssl/certs/ca-certificates.crt").read_text()
blocks = pathlib.Path("/tmp/ca.crt").read_text().split(end)[:-1]
for number, block in enumerate(blocks):
    certificate = "-----BEGIN CERTIFICATE-----" + block.split("-----BEGIN CERTIFICATE-----")[1] + end + "\n"
    if certificate not in known:
        pathlib.Path(f"/usr/local/share/ca-certificates/host-{number}.crt").write_text(certificate)
PYTHON
update-ca-certificates >/dev/null
pip=$(echo /usr/share/python-wheels/pip-*.whl)
python "$pip/pip" install --quiet --no-index --no-deps --no-compile --no-cache-dir --root-user-action=ignore \
  /usr/share/python-wheels/*.whl
[ ! -s /tmp/pip.conf ] || cp /tmp/pip.conf /etc/pip.conf
rm -rf /tmp/ca.crt /tmp/pip.conf
find /usr/local/lib -name __pycache__ -prune -exec rm -rf {} +

# As in Docker's own images of Debian: installing leaves no archives behind.
echo 'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb || true"; };' >/etc/apt/apt.conf.d/docker-clean
INSIDE
