#!/bin/sh
# How es-bulk reaches the engine: several nodes, credentials of every kind, files of secrets that change, gzip, proxies, TLS
# by fingerprint and with a certificate of its own.
. "${0%/*}/tap.sh"

for variable in http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY no_proxy NO_PROXY AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN; do
	unset "$variable"
done
source='{"op":"source","server":"s1","epoch":0}'
row() { echo "{\"op\":\"insert\",\"db\":\"d\",\"table\":\"tä@\",\"key\":[\"$1\"],\"pos\":\"b.000001:$2\",\"row\":{\"id\":$1,\"pad\":\"$(printf '%0300d' 0)\"}}"; }
commit() { echo "{\"op\":\"commit\",\"pos\":\"b.000001:$1\"}"; }
{ echo "$source"; for i in 1 2 3 4 5 6 7 8; do row "$i" "${i}0"; done; commit 90; } >"$tmp/rows"

# engine NAME: starts one; its port in $port
engine() {
	mkfifo "$tmp/$1.stop"
	sleep 3600 >"$tmp/$1.stop" &
	tap_pids="$tap_pids $!"
	python3 "$root/tests/faulty.py" "$tmp/$1.port" <"$tmp/$1.stop" 2>"$tmp/$1.err" &
	tap_pids="$tap_pids $!"
	wait_until 10 test -s "$tmp/$1.port" || bail "no engine: $(cat "$tmp/$1.err")"
	port=$(cat "$tmp/$1.port")
}
behave() { curl -sS -d "$1" "$url/_test"; }
# feed NAME STATUS OPTION...: es-bulk reads $tmp/rows
feed() {
	feed_name=$1 feed_rc=$2
	shift 2
	rc=0
	es-bulk "$@" <"$tmp/rows" >"$tmp/out" 2>"$tmp/err" || rc=$?
	is "$rc" "$feed_rc" "$feed_name" || diag "$(cat "$tmp/err")"
}
secret() { (umask 077; printf '%s\n' "$2" >"$tmp/$1.new" && mv "$tmp/$1.new" "$tmp/$1"); }

engine main
url=http://127.0.0.1:$port

### credentials

behave '{"need_login":"ApiKey a1b2=="}' >"$tmp/told"
secret key 'a1b2=='
feed 'an API key' 0 --url "$url" --api-key-file "$tmp/key"
feed 'another kind' 1 --url "$url" --bearer-token-file "$tmp/key"
like "$(cat "$tmp/err")" 'HTTP 401: security_exception' '... is refused'
unlike "$(cat "$tmp/err")" 'a1b2' '... and not shown'
printf '{"elastic":{"address":"%s","api_key":"a1b2=="}}' "$url" >"$tmp/key.json"
chmod 600 "$tmp/key.json"
feed 'an API key by the configuration' 0 --config "$tmp/key.json"
secret wrong wrong
feed "a file by an option goes before it" 1 --config "$tmp/key.json" --api-key-file "$tmp/wrong"
feed 'two kinds' 2 --config "$tmp/key.json" --user u
like "$(cat "$tmp/err")" 'elastic.username and elastic.api_key: one of them only' '... are one too many'
feed 'a password for nobody' 2 --url "$url" --password-file "$tmp/key"
behave '{"need_login":"Bearer t.o.k"}' >"$tmp/told"
secret token t.o.k
feed 'a bearer token' 0 --url "$url" --bearer-token-file "$tmp/token"

### a secret that changes while es-bulk runs

mkfifo "$tmp/in"
es-bulk --url "$url" --bearer-token-file "$tmp/token" <"$tmp/in" >"$tmp/run.out" 2>"$tmp/run.err" &
running=$!
tap_pids="$tap_pids $running"
exec 7>"$tmp/in"
{ echo "$source"; row 1 100; commit 110; } >&7
wait_until 10 grep -q :110 "$tmp/run.out" || diag "$(cat "$tmp/run.err")"
secret token n.e.w
behave '{"need_login":"Bearer n.e.w"}' >"$tmp/told"
{ row 2 120; commit 130; } >&7
ok 'a token that changes is read again' wait_until 10 grep -q :130 "$tmp/run.out"
exec 7>&-
finish 20 "$running"
is "$rc" 0 '... and nothing stops'

### Amazon's signatures

behave '{"need_login":null,"need_aws":{"id":"AKID","secret":"s/e+cret","region":"eu-west-1","service":"es"}}' >"$tmp/told"
feed 'no keys' 2 --url "$url" --aws-region eu-west-1
AWS_ACCESS_KEY_ID=AKID AWS_SECRET_ACCESS_KEY=s/e+cret
export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
feed 'signed requests' 0 --url "$url" --aws-region eu-west-1
feed '... by gzip' 0 --url "$url" --aws-region eu-west-1 --compress
is "$(behave '{}' | jq -c .told)" '[]' '... every one of them right'
feed '... for another region' 1 --url "$url" --aws-region eu-west-2
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
behave '{"told":[],"need_aws":{"id":"AKID2","secret":"x","region":"r","service":"aoss","token":"T=="}}' >"$tmp/told"
printf '[default]\naws_access_key_id = no\naws_secret_access_key = no\n# [work]\n[work]\naws_access_key_id=AKID2\naws_secret_access_key = x\naws_session_token = T==\n' >"$tmp/aws"
printf '{"elastic":{"address":["%s"],"aws_region":"r","aws_service":"aoss","aws_credentials_file":"%s","aws_profile":"work"}}' "$url" "$tmp/aws" >"$tmp/aws.json"
feed 'keys from a file, with a session token' 0 --config "$tmp/aws.json"
is "$(behave '{}' | jq -c .told)" '[]' '... every one of them right'
behave '{"need_aws":null}' >"$tmp/told"

### gzip

behave '{"packed":0}' >"$tmp/told"
feed 'bodies as they are' 0 --url "$url"
is "$(behave '{}' | jq .packed)" 0 '... are not packed'
feed '--compress' 0 --url "$url" --compress
like "$(behave '{}' | jq .packed)" '^[1-9]' '... packs'
is "$(curl -sS "$url/d.t%C3%A4%40/_doc/8" | jq ._source.id)" 8 '... and nothing is lost'

### a proxy

engine proxy
proxy=http://127.0.0.1:$port
feed 'a proxy' 0 --url http://engine.example:9200 --proxy "$proxy"
is "$(curl -sS -d '{}' "$proxy/_test" | jq '.proxied > 0')" true '... takes the requests'
http_proxy=$proxy es-bulk --url http://engine.example:9200 <"$tmp/rows" >"$tmp/out" 2>"$tmp/err"
is "$?" 0 'a proxy by the environment'
curl -sS -d "{\"need_proxy\":\"Basic $(printf 'p:w' | base64)\"}" "$proxy/_test" >"$tmp/told"
secret proxy.password w
printf '{"elastic":{"address":"http://engine.example:9200","proxy":"%s","proxy_username":"p","proxy_password_file":"%s"}}' "$proxy" "$tmp/proxy.password" >"$tmp/proxy.json"
feed 'a proxy that asks for a password' 0 --config "$tmp/proxy.json"
feed 'a password in a proxy' 2 --proxy 'http://p:w@127.0.0.1:1'

### several nodes

engine other
other=http://127.0.0.1:$port
dead=http://127.0.0.1:$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
before=$(behave '{}' | jq .requests)
feed 'a node that is away' 0 --url "$dead" --url "$url" --jobs 1
like "$(cat "$tmp/err")" "a node is set aside url=$dead" '... is told'
is "$(grep -c 'set aside' "$tmp/err")" 1 '... once'
ok '... and the other does it all' test "$(behave '{}' | jq .requests)" -gt "$before"
printf '{"elastic":{"address":["%s","%s/"]}}' "$dead" "$url" >"$tmp/two.json"
feed 'nodes by the configuration' 0 --config "$tmp/two.json"
M2E_ELASTIC_ADDRESS="$dead,$url" es-bulk <"$tmp/rows" >"$tmp/out" 2>"$tmp/err"
is "$?" 0 'nodes by the environment'
es-bulk --url "$dead" --url "$url" --check >"$tmp/out" 2>"$tmp/err"
is "$?/$(jq -r .level "$tmp/out" | tr '\n' ' ')" '1/failure ok ok ' '--check asks each'
# two engines are no cluster: which of them got what is seen by their counts
before=$(behave '{}' | jq .requests) before2=$(curl -sS -d '{}' "$other/_test" | jq .requests)
es-bulk --url "$url" --url "$other" --check d.a d.b d.c d.d >"$tmp/out" 2>"$tmp/err"
ok 'requests go to each in turn' test "$(behave '{}' | jq .requests)" -ge $((before + 4)) -a "$(curl -sS -d '{}' "$other/_test" | jq .requests)" -ge $((before2 + 4))
rc_is 2 'a second address that is none' es-bulk --url "$url" --url ftp://x

### engines by what they answer: asked again for the next best type (as their documentation has it; two of them are asked
### themselves in es-bulk-engines.t)

{
	echo "$source"
	echo '{"op":"schema","db":"d","table":"poor","key":["id"],"columns":[{"name":"id","type":"bigint unsigned"},{"name":"g","type":"point"},{"name":"p","type":"decimal(9,2)"},{"name":"v","type":"vector(3)"},{"name":"t","type":"timestamp(6)"},{"name":"j","type":"json"}],"pos":"b.000001:100"}'
} >"$tmp/rows"
printf '{"elastic":{"tables":{"d.poor":{"types":{"j":"flattened"}}}}}' >"$tmp/poor.json"
new_in_9='"index.mapping.exclude_source_vectors"'
while IFS='|' read -r name lacks want settings; do
	engine "poor$((poor = ${poor:-0} + 1))"
	url=http://127.0.0.1:$port
	behave "$lacks" >"$tmp/told"
	feed "$name" 0 --config "$tmp/poor.json" --url "$url"
	is "$(curl -sS "$url/d.poor/_mapping" | jq -c '.[].mappings.properties | [.id.type, .g.type, .p.type, .v.type, .t.type, .j.type] | join(" ")')" "\"$want\"" "$name: ... its types"
	is "$(curl -sS "$url/_test" -d '{}' | jq -c '.settings | keys')" "$settings" "$name: ... its settings"
	es-bulk --url "$url" --check >"$tmp/out" 2>"$tmp/err"
	like "$(head -n 1 "$tmp/out")" '"ok".* answers at ' "$name: ... is no product that is locked out"
done <<END
Elasticsearch 7.17|{"version":{"number":"7.17.0"},"no_settings":[$new_in_9,"index.knn"],"no_params":["similarity"],"no_types":["knn_vector","flat_object"]}|unsigned_long geo_shape scaled_float float date_nanos flattened|["index.gc_deletes"]
Elasticsearch 8.11|{"version":{"number":"8.11.0"},"no_settings":[$new_in_9,"index.knn"],"no_types":["knn_vector","flat_object"]}|unsigned_long geo_shape scaled_float dense_vector date_nanos flattened|["index.gc_deletes"]
Elasticsearch 9.2|{"version":{"number":"9.2.0"},"no_settings":["index.knn"],"no_types":["knn_vector","flat_object"]}|unsigned_long geo_shape scaled_float dense_vector date_nanos flattened|["index.gc_deletes",$new_in_9]
OpenSearch 1.3|{"version":{"distribution":"opensearch","number":"1.3.0"},"no_settings":[$new_in_9],"no_types":["dense_vector","flattened","flat_object","unsigned_long"]}|keyword geo_shape scaled_float knn_vector date_nanos object|["index.gc_deletes","index.knn"]
OpenSearch 2.11|{"version":{"distribution":"opensearch","number":"2.11.0"},"no_settings":[$new_in_9],"no_types":["dense_vector","flattened"]}|unsigned_long geo_shape scaled_float knn_vector date_nanos flat_object|["index.gc_deletes","index.knn"]
one that lacks everything|{"version":{"number":"8.0.0"},"no_settings":[$new_in_9,"index.knn","index.gc_deletes"],"no_types":["dense_vector","flattened","flat_object","unsigned_long","geo_shape","scaled_float","knn_vector","date_nanos"]}|keyword object double float date object|[]
END
is "$(grep -c 'the engine has no field type' "$tmp/err")$(es-bulk --config "$tmp/poor.json" --url "$url" <"$tmp/rows" 2>&1 >"$tmp/out" | grep -c WARN)" 00 'what takes a place is told when it does, once'
behave '{"version":{"number":"7.9.3"}}' >"$tmp/told"
rc_is 1 'Elasticsearch 7.9' es-bulk --url "$url" --check
like "$(cat "$tmp/out")" '7.9.3 is too old' '... is too old, and told'

### TLS: a CA by its fingerprint, a certificate of our own

if ! command -v openssl >/dev/null; then
	skip 'no openssl'
	done_testing
fi
(
	cd "$tmp" || exit
	openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 3 -subj /CN=ca
	for who in node client; do
		openssl req -newkey rsa:2048 -nodes -keyout $who.key -out $who.csr -subj /CN=$who
		printf 'subjectAltName=IP:127.0.0.1\n' >ext
		openssl x509 -req -in $who.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out $who.pem -days 3 -extfile ext
	done
	openssl rsa -aes128 -passout pass:kw -in client.key -out client.enc.key
	cat node.pem ca.pem >chain.pem
) >"$tmp/openssl.out" 2>&1
fingerprint() { openssl x509 -in "$1" -noout -fingerprint -sha256 | sed 's/.*=//'; }
FAULTY_CERT=$tmp/chain.pem FAULTY_KEY=$tmp/node.key
export FAULTY_CERT FAULTY_KEY
engine tls
tls=https://127.0.0.1:$port
feed 'a certificate that nobody vouches for' 1 --url "$tls"
feed '--ca-file' 0 --url "$tls" --ca-file "$tmp/ca.pem"
feed '--ca-fingerprint' 0 --url "$tls" --ca-fingerprint "$(fingerprint "$tmp/ca.pem")"
feed '... in small letters, without colons' 0 --url "$tls" --ca-fingerprint "$(fingerprint "$tmp/ca.pem" | tr -d : | tr A-F a-f)"
feed '... of the very certificate' 0 --url "$tls" --ca-fingerprint "$(fingerprint "$tmp/node.pem")"
feed '... of another' 1 --url "$tls" --ca-fingerprint "$(fingerprint "$tmp/client.pem")"
like "$(cat "$tmp/err")" 'no certificate that the engine shows has the fingerprint' '... is told'
feed '... for another name' 1 --url "https://localhost:$port" --ca-fingerprint "$(fingerprint "$tmp/ca.pem")"
feed '... that is none' 2 --url "$tls" --ca-fingerprint 12:34
feed '... beside a file' 2 --url "$tls" --ca-fingerprint "$(fingerprint "$tmp/ca.pem")" --ca-file "$tmp/ca.pem"
FAULTY_CA=$tmp/ca.pem
export FAULTY_CA
engine mutual
tls=https://127.0.0.1:$port
feed 'an engine that asks for a certificate' 0 --url "$tls" --ca-file "$tmp/ca.pem" --cert-file "$tmp/client.pem" --key-file "$tmp/client.key"
secret key.password kw
printf '{"elastic":{"address":"%s","ca_fingerprint":"%s","cert_file":"%s","key_file":"%s","key_password_file":"%s"}}' \
	"$tls" "$(fingerprint "$tmp/ca.pem")" "$tmp/client.pem" "$tmp/client.enc.key" "$tmp/key.password" >"$tmp/mutual.json"
feed '... whose key has a password, with a fingerprint' 0 --config "$tmp/mutual.json"
feed 'a key without certificate' 2 --url "$tls" --key-file "$tmp/client.key"

done_testing
