#!/bin/sh
# Connections: the modes of TLS, client certificates, caching_sha2_password with and without TLS, option files.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"

command -v openssl >/dev/null || skip_all 'no openssl'

# authority DIR: an authority of its own; signed DIR NAME: its certificate for that name, cert.pem and key.pem
authority() {
	mkdir -p "$1"
	openssl req -x509 -nodes -newkey rsa:2048 -days 30 -subj "/CN=authority of ${1##*/}" -keyout "$1/ca.key" -out "$1/ca.pem" 2>/dev/null
}
signed() {
	openssl req -nodes -newkey rsa:2048 -subj "/CN=$2" -keyout "$1/key.pem" -out "$1/request" 2>/dev/null
	echo "subjectAltName=$2" >"$1/names"
	openssl x509 -req -in "$1/request" -CA "$1/ca.pem" -CAkey "$1/ca.key" -CAcreateserial -days 30 -extfile "$1/names" -out "$1/cert.pem" 2>/dev/null
	chmod 755 "$1"
	chmod 644 "$1"/*.pem
}
# enters STATUS NAME OPTION...: can binlog-tail connect?
enters() {
	enters_rc=$1 enters_name=$2
	shift 2
	rc_is "$enters_rc" "$enters_name" binlog-tail --host 127.0.0.1 --port "$db_port" --password-file "$tmp/password" --identify "$@"
	cat "$tmp/out" "$tmp/err" >>"$tmp/all"
}
says() { like "$(cat "$tmp/err")" "$@"; }

secret=s3cret-$$
printf '%s\n' "$secret" >"$tmp/password"
chmod 600 "$tmp/password"
authority "$tmp/ours"
authority "$tmp/theirs"
signed "$tmp/theirs" DNS:client
signed "$tmp/ours" DNS:elsewhere
chmod 755 "$tmp"

own_database mariadb --ssl-ca="$tmp/ours/ca.pem" --ssl-cert="$tmp/ours/cert.pem" --ssl-key="$tmp/ours/key.pem"
sql "GRANT REPLICATION SLAVE, BINLOG MONITOR ON *.* TO plain@'%' IDENTIFIED BY '$secret';
	GRANT REPLICATION SLAVE, BINLOG MONITOR ON *.* TO tls@'%' IDENTIFIED BY '$secret' REQUIRE SSL;
	GRANT REPLICATION SLAVE, BINLOG MONITOR ON *.* TO x509@'%' IDENTIFIED BY '$secret' REQUIRE X509"
enters 0 'preferred takes TLS' --user tls
enters 1 'disabled does not' --user tls --ssl-mode disabled
enters 0 'disabled' --user plain --ssl-mode disabled
enters 0 'required takes any certificate' --user tls --ssl-mode required
enters 0 'verify-ca: the right authority, whatever the name' --user tls --ssl-mode verify-ca --ssl-ca "$tmp/ours/ca.pem"
for mode in verify-ca verify-identity required preferred; do
	enters 1 "$mode: another authority" --user plain --ssl-mode $mode --ssl-ca "$tmp/theirs/ca.pem"
	says 'TLS/SSL error' "$mode: it is told"
done
enters 1 'verify-identity: an authority that the system does not know' --user plain --ssl-mode verify-identity
enters 1 'verify-identity: another name' --user plain --ssl-mode verify-identity --ssl-ca "$tmp/ours/ca.pem"
signed "$tmp/ours" IP:127.0.0.1
sql 'FLUSH SSL'
enters 0 'verify-identity: the right name' --user tls --ssl-mode verify-identity --ssl-ca "$tmp/ours/ca.pem"
enters 1 'an authority whose file is not there' --user plain --ssl-ca "$tmp/none.pem"
enters 2 'verify-ca without an authority' --user plain --ssl-mode verify-ca
enters 1 'no client certificate where one is needed' --user x509
signed "$tmp/ours" DNS:client
enters 0 'a client certificate' --user x509 --ssl-cert "$tmp/ours/cert.pem" --ssl-key "$tmp/ours/key.pem"
enters 2 'a certificate without its key' --user x509 --ssl-cert "$tmp/ours/cert.pem"
says ssl_key 'the message names the key'

# option files
cat >"$tmp/my.cnf" <<END
# of all clients
[client]
user = nobody
password = "wrong # not a comment"
max_allowed_packet = 1G
[mysqldump]
user = nobody
[client-server]
loose-port=$db_port	# a comment
host = '127.0.0.1'
user=x509
[client_x]
ssl_ca = $tmp/ours/ca.pem
ssl-cert=$tmp/ours/cert.pem
ssl-key=$tmp/ours/key.pem
ssl-mode=VERIFY_CA
[m2e]
password="$secret"
END
chmod 600 "$tmp/my.cnf"
file() { # STATUS NAME OPTION...
	file_rc=$1 file_name=$2
	shift 2
	rc_is "$file_rc" "$file_name" binlog-tail --defaults-file "$tmp/my.cnf" --identify "$@"
	cat "$tmp/out" "$tmp/err" >>"$tmp/all"
}
file 1 'an option file'
says "Access denied for user 'x509'" 'its last user counts'
file 0 'an option file with a group suffix' --defaults-group-suffix _x
file 0 'options stand over it' --user plain --ssl-mode disabled
file 75 'a host that is asked for' --host 127.0.0.1 --port 1 --defaults-group-suffix _x
rc_is 0 'dump-reader reads it, too' dump-reader --defaults-file "$tmp/my.cnf" --user plain --keys /dev/null
M2E_DATABASE_USERNAME=plain M2E_DATABASE_DEFAULTS_FILE=$tmp/my.cnf
export M2E_DATABASE_USERNAME M2E_DATABASE_DEFAULTS_FILE
rc_is 0 'the environment stands over it, and may name it' binlog-tail --identify
unset M2E_DATABASE_USERNAME M2E_DATABASE_DEFAULTS_FILE
{
	printf '[client]\npassword=nothing\n[m2e_a]\n'
	printf 'socket = "%s"\nuser = r\\\\oo\\st\n' "$db_socket"
} >"$tmp/my.cnf"
chmod 644 "$tmp/my.cnf"
file 1 'escapes' --defaults-group-suffix _a
says "denied for user 'r\\\\oo t'" 'are read'
says 'others may read it' 'a password that others may read is warned about'
for wrong in 'ssl-capath=/etc' 'tls-version=TLSv1.0' 'ssl-mode=most' 'ssl=perhaps' 'port=x' '!include other' '[open'; do
	printf '[client]\n%s\n' "$wrong" >"$tmp/my.cnf"
	file 2 "wrong: $wrong"
	says 'my.cnf, line 2: ' 'the line is named'
done
printf '[m2e]\nhots=x\n' >"$tmp/my.cnf"
file 2 'our own group has no other options'
printf '[client]\nssl-verify-server-cert\nssl\n' >"$tmp/my.cnf"
file 1 "MariaDB's way to say verify-identity" --host 127.0.0.1 --port "$db_port" --user plain --password-file "$tmp/password"
printf '[client]\nssl-verify-server-cert\nskip-ssl-verify-server-cert\n' >"$tmp/my.cnf"
file 0 "and to take it back" --host 127.0.0.1 --port "$db_port" --user tls --password-file "$tmp/password"
printf '[client]\nskip-ssl\n' >"$tmp/my.cnf"
file 1 "and to do without" --host 127.0.0.1 --port "$db_port" --user tls --password-file "$tmp/password"
rc_is 2 'a file that is not there' binlog-tail --defaults-file "$tmp/none.cnf" --identify

# MySQL makes its own certificates, whose name is that of no host; its accounts have caching_sha2_password
need_mysql
data=${db_socket%/*}/data
new_database
new_user() {
	sql "DROP USER IF EXISTS ${db}_u@'%'; CREATE USER ${db}_u@'%' IDENTIFIED WITH caching_sha2_password BY '$secret'"
}
at_exit "sql 'DROP USER IF EXISTS ${db}_u@\"%\"'"
user=${db}_u
new_user
enters 0 'caching_sha2_password with TLS' --user "$user" --ssl-mode verify-ca --ssl-ca "$data/ca.pem"
enters 0 'once the server has it in its cache' --user "$user" --ssl-mode required
enters 1 'another authority' --user "$user" --ssl-ca "$tmp/ours/ca.pem"
enters 1 'another name' --user "$user" --ssl-mode verify-identity --ssl-ca "$data/ca.pem"
new_user
enters 0 'without TLS, under the key that the server gives' --user "$user" --ssl-mode disabled
new_user
enters 0 'under its key from a file' --user "$user" --ssl-mode disabled --server-public-key-path "$data/public_key.pem"
new_user
openssl rsa -in "$tmp/ours/key.pem" -pubout -out "$tmp/other.pem" 2>/dev/null
enters 1 'under another key' --user "$user" --ssl-mode disabled --server-public-key-path "$tmp/other.pem"
enters 1 'a wrong password' --user "$user" --password-file "$tmp/ours/ca.pem"

is "$(grep -c -e "$secret" "$tmp/all")" 0 'no message ever had the password'

# a server without TLS
need_mariadb
if [ "$(sql 'SELECT @@have_ssl')" = DISABLED ]; then
	for mode in preferred verify-ca verify-identity; do
		rc_is 1 "$mode with an authority: never without TLS" binlog-tail --host 127.0.0.1 --port "$db_port" --user m2e \
			--ssl-mode $mode --ssl-ca "$tmp/ours/ca.pem" --identify
	done
else
	skip 'the server has TLS'
fi
done_testing
