#!/usr/bin/env bash
# Draws the passwords for docker-compose.yml into secrets/, and begins connections.env.
# Git ignores both. What is there already is kept: the databases know it.
set -euo pipefail
cd "$(dirname "$0")/../.."

umask 022 # the programs in the containers are not root, and must be able to read the files ...
mkdir -p secrets/connections
chmod 700 secrets # ... which nobody else on this machine can reach

# keep NAME VALUE writes a file unless it is there.
keep() {
	if [[ ! -e secrets/$1 ]]; then
		printf '%s\n' "$2" >"secrets/$1"
		echo "secrets/$1 is new"
	fi
}

password() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

url() { echo "postgres://$1:$(<"secrets/$2")@postgres:5432/sever?sslmode=disable"; }

keep postgres-password "$(password)"
keep temporal-password "$(password)"
keep sever-owner-password "$(password)"
keep sever-app-password "$(password)"
keep sever-owner-url "$(url sever_owner sever-owner-password)"
keep sever-app-url "$(url sever_app sever-app-password)"
keep audit-key "$(head -c 32 /dev/urandom | base64)"
keep payload-keys "k1=$(head -c 32 /dev/urandom | base64)" # what "sever keys new k1" prints

if [[ ! -e connections.env ]]; then
	cat >connections.env <<-'EOF'
		# The systems that Sever reaches: name=provider, separated by commas. Each has its
		# settings, and those that are secret come from files in secrets/connections, which
		# the containers see as /run/connections.
		#
		# SEVER_CONNECTIONS=pg-main=postgres
		# SEVER_CONN_PG_MAIN_URL_FILE=/run/connections/pg-main-url
		# SEVER_CONN_PG_MAIN_PROTECTED=svc_*,deploy
		# SEVER_CONN_PG_MAIN_OWNER=dba@example.com
	EOF
	echo "connections.env is new: say in it which systems to reach"
fi
