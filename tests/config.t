#!/bin/sh
# The configuration file: every error with its file, line and key; where values come from; secrets.
# shellcheck source=tests/tap.sh
. "${0%/*}/tap.sh"

for variable in $(env | sed -n 's/^\(M2E_[A-Z_]*\)=.*/\1/p'); do
	case $variable in
	M2E_DATABASE_* | M2E_ELASTIC_* | M2E_LOAD_* | M2E_DELIVERY_* | M2E_STATE_DIR | M2E_NUMBERS | M2E_MYSQLDUMP_PATH) unset "$variable" ;;
	esac
done

file=$tmp/m2e.json
# config TEXT: it is the file
config() { printf '%s\n' "$1" >"$file"; chmod 600 "$file"; }
# with NAME=VALUE... COMMAND: prints what the command does, errors too
got() { run m2e-state config "$file" get "$1"; cat "$tmp/out"; }
# wrong LINE TEXT MESSAGE: the file is refused for that line
wrong() {
	config "$2"
	run m2e-state config "$file" check
	is "$rc,$(cat "$tmp/err")" "2,ERROR m2e-state: $file${1:+:$1}: $3" "$3"
}

### errors

wrong 2 '' 'not JSON here'
wrong 3 '{
"numbers": "safe",
}' 'not JSON here'
wrong 2 '{ "database": { "password":
 s3cret } }' 'not JSON here'
unlike "$(cat "$tmp/err")" s3cret 'no piece of the text is shown'
wrong 1 '{ "numbers": "safe" } {}' 'not JSON here'
wrong '' '[]' 'must be one JSON object'
wrong 2 '{
 "colour": 1 }' 'unknown key colour'
wrong 3 '{ "database": {
  "host": "a",
  "hots": "b" } }' 'unknown key database.hots'
wrong 2 '{
 "datbase": {} }' 'unknown key datbase'
wrong 2 '{
 "datbase": { "host": "a" } }' 'unknown key datbase'
wrong 1 '{ "host": "a" }' 'unknown key host'
wrong 1 '{ "database.host": "a" }' 'unknown key database.host: a section is an object, not a dot'
wrong 2 '{
 "database": "a" }' 'database must be an object'
wrong 1 '{ "elastic": [] }' 'elastic must be an object'
wrong 1 '{ "database": { "host": {"a": 1} } }' 'database.host must be a string'
wrong 3 '{ "database": {
 "host": "a",
 "host": "b" } }' 'database.host stands here twice'
wrong 1 '{ "database": { "host": 1 } }' 'database.host must be a string'
wrong 1 '{ "database": { "host": null } }' 'database.host must be a string'
wrong 1 '{ "database": { "host": "a\u0000b" } }' 'database.host must be a string'
wrong 1 '{ "database": { "host": "a\nb" } }' 'database.host must not hold control characters'
wrong 1 '{ "database": { "port": "3306" } }' 'database.port must be a number'
wrong 1 '{ "database": { "port": true } }' 'database.port must be a number'
for value in 0 65536 3306.0 3e3 -1 99999999999999999999; do
	wrong 1 "{ \"database\": { \"port\": $value } }" 'database.port must be a number from 1 to 65535'
done
wrong 1 '{ "database": { "server_id": 4294967296 } }' 'database.server_id must be a number from 1 to 4294967295'
wrong 1 '{ "database": { "driver": "oracle" } }' 'database.driver must be one of mysql'
wrong 1 '{ "database": { "ssl_mode": "require" } }' \
	'database.ssl_mode must be one of disabled|preferred|required|verify-ca|verify-identity'
wrong 1 '{ "numbers": "" }' 'numbers must be one of number|safe'
wrong 1 '{ "elastic": { "insecure": "true" } }' 'elastic.insecure must be true or false'
wrong 1 '{ "elastic": { "insecure": 1 } }' 'elastic.insecure must be true or false'
for value in '"a.b"' '[1]' '["a.b", ""]' '["a.b", null]' '["a\nb"]' '{}' '[["a.b"]]'; do
	wrong 1 "{ \"database\": { \"tables\": $value } }" 'database.tables must be an array of strings, none of them empty'
done
wrong 1 '{ "database": { "password": 12345 } }' 'database.password must be a string'
unlike "$(cat "$tmp/err")" 12345 'a password is not shown'
wrong 1 '{ "database": { "ssl_mode": "s3cret" } }' \
	'database.ssl_mode must be one of disabled|preferred|required|verify-ca|verify-identity'
wrong '' '{ "elastic": { "password": "x", "password_file": "y" } }' \
	'elastic.password and elastic.password_file: one of them only'
rc_is 2 'a file that is not there' m2e-state config "$tmp/none" check
like "$(cat "$tmp/err")" "$tmp/none: No such file" 'is named'
rc_is 2 'a folder' m2e-state config "$tmp" check
rc_is 2 'a key that is not known' m2e-state config '' get database.colour
wrong 1 '{ "elastic": { "tables": [] } }' 'elastic.tables must be an object'
wrong 3 '{ "elastic": { "tables": {
 "a.*": { "types": {} },
 "b": {} } } }' 'elastic.tables: b is no table (DB.TABLE)'
wrong 2 '{ "elastic": { "tables": {
 "a.*": [] } } }' 'elastic.tables: a.* must be an object'
wrong 4 '{ "elastic": { "tables": { "a.*": {
 "types": { "x": "keyword" },
 "mappings": {},
 "tipes": {} } } } }' 'elastic.tables: a.*: tipes is no key of a table'
wrong 2 '{ "elastic": { "tables": { "a.*": { "types": {},
 "types": {} } } } }' 'elastic.tables: a.*: types stands here twice'
wrong 2 '{ "elastic": { "tables": { "a.*": {},
 "a.*": {} } } }' 'elastic.tables: a.* stands here twice'
wrong 1 '{ "elastic": { "tables": { "a.*": { "types": { "x": 1 } } } } }' 'elastic.tables: a.*: types must be an object of strings or objects'
wrong 1 '{ "elastic": { "tables": { "a.*": { "settings": "x" } } } }' 'elastic.tables: a.*: settings must be an object'
config '{ "elastic": { "password_file": "'"$tmp"'/none" } }'
rc_is 2 'a password file that is not there' m2e-state config "$file" check
like "$(cat "$tmp/err")" "$tmp/none: No such file" 'is named'

### values

config '{
	"database": { "host": "db", "port": 3307, "tables": ["world.*", "shop.a b"], "password": "s3cret" },
	"elastic": { "insecure": true },
	"state_dir": "/var/lib/m2e"
}'
rc_is 0 'a good file' m2e-state config "$file" check
is "$(cat "$tmp/out" "$tmp/err")" '' 'passes in silence'
is "$(got database.host),$(got database.port),$(got elastic.insecure),$(got state_dir)" db,3307,true,/var/lib/m2e 'its values'
is "$(got database.tables)" 'world.*
shop.a b' 'a list is an element a line'
is "$(got elastic.address),$(got numbers),$(got delivery.jobs)" http://127.0.0.1:9200,number,2 'defaults'
rc_is 1 'no value, no default' m2e-state config "$file" get database.name
is "$(cat "$tmp/out" "$tmp/err")" '' 'prints nothing'
rc_is 2 'a secret' m2e-state config "$file" get database.password
is "$(cat "$tmp/out")" '' 'is not printed'
rc_is 0 'all of them' m2e-state config "$file"
is "$(grep -c s3cret "$tmp/out" "$tmp/err" | paste -sd,)" "$tmp/out:0,$tmp/err:0" 'without secrets'
like "$(cat "$tmp/out")" '^database.password=\*\*\*$' 'but whether there is one'
like "$(cat "$tmp/out")" '^database.tables=shop.a b$' 'lists, an element a line'
rc_is 0 'the file by option' m2e-state --config "$file" config get database.host
is "$(cat "$tmp/out")" db 'is the same'
rc_is 0 'no file at all' m2e-state config get database.host
is "$(cat "$tmp/out")" 127.0.0.1 'defaults'

### the environment

in_env() { env "$1" m2e-state config "$file" get "$2" 2>"$tmp/err"; }
is "$(in_env M2E_DATABASE_HOST=db2 database.host)" db2 'a variable outranks the file'
is "$(in_env M2E_DATABASE_HOST= database.host)" db 'an empty one is none'
is "$(in_env 'M2E_DATABASE_TABLES=a.b, c.*	d.e' database.tables | paste -sd' ')" 'a.b c.* d.e' 'a list in a variable'
is "$(in_env M2E_STATE_DIR=/x state_dir)" /x 'a key without section'
for pair in M2E_DATABASE_PORT=many 'M2E_DATABASE_PORT= 3306' M2E_DATABASE_PORT=+1 M2E_DATABASE_PORT=65536; do
	rc_is 2 "$pair" env "$pair" m2e-state config "$file" check
	is "$(cat "$tmp/err")" 'ERROR m2e-state: M2E_DATABASE_PORT: database.port must be a number from 1 to 65535' 'is refused by name'
done
rc_is 2 'not true or false' env M2E_ELASTIC_INSECURE=yes m2e-state config "$file" check
rc_is 2 'a variable that no key has' env M2E_DATABASE_HOTS=x m2e-state config "$file" check
is "$(cat "$tmp/err")" 'ERROR m2e-state: M2E_DATABASE_HOTS: no key has this variable' 'is an error'
is "$(in_env 'M2E_ELASTIC_TABLES={"a.b": {"settings": {"x": 1}}}' elastic.tables)" '{"a.b": {"settings": {"x": 1}}}' 'rules in a variable'
rc_is 2 'wrong rules in a variable' env 'M2E_ELASTIC_TABLES={"a.b": {"set": {}}}' m2e-state config "$file" check
is "$(cat "$tmp/err")" 'ERROR m2e-state: M2E_ELASTIC_TABLES:1: elastic.tables: a.b: set is no key of a table' 'are refused by name'
rc_is 2 'rules that are no JSON' env 'M2E_ELASTIC_TABLES=a.b' m2e-state config "$file" check
rc_is 0 'variables of others' env M2E_BIN=/x M2E_DB_HOST=y M2E_TEST_X=1 m2e-state config "$file" check

### secrets

config '{ "database": { "password": "s3cret" } }'
chmod 644 "$file"
rc_is 0 'a password in a file that others may read' m2e-state config "$file" check
like "$(cat "$tmp/err")" "^WARN m2e-state: $file holds a password and others may read it" 'is warned about'
chmod 640 "$file"
rc_is 0 'if not all, but a group' m2e-state config "$file" check
is "$(cat "$tmp/err")" '' 'there is no warning'
echo other >"$tmp/password"
chmod 600 "$tmp/password"
rc_is 0 'a password file by variable in place of the password' env M2E_DATABASE_PASSWORD_FILE="$tmp/password" m2e-state config "$file" check
is "$(cat "$tmp/err")" '' 'is no contradiction'
is "$(in_env M2E_DATABASE_PASSWORD_FILE="$tmp/password" database.password_file)" "$tmp/password" 'and counts'
rc_is 2 'both by variable' env M2E_DATABASE_PASSWORD_FILE="$tmp/password" M2E_DATABASE_PASSWORD=x m2e-state config "$file" check
chmod 644 "$tmp/password"
rc_is 0 'a password file that others may read' env M2E_DATABASE_PASSWORD_FILE="$tmp/password" m2e-state config "$file" check
like "$(cat "$tmp/err")" "^WARN m2e-state: $tmp/password holds a password" 'is warned about'
: >"$tmp/password"
rc_is 2 'an empty password file' env M2E_DATABASE_PASSWORD_FILE="$tmp/password" m2e-state config "$file" check
config '{ "world_database_path": "/x" }'
rc_is 0 'a retired key' m2e-state config "$file" check
like "$(cat "$tmp/err")" 'WARN m2e-state: .*:1: world_database_path is ignored' 'is warned about'
rc_is 0 'and does nothing' m2e-state config "$file"
unlike "$(cat "$tmp/out")" world_database_path 'more'

done_testing
