# Rows by key, as they are now, beside whatever streams: their position is proven to be no older than what they hold.

# write_keys FOLDER KEYS OPTION…: the rows that the file KEYS names go to the engine, or are deleted there; es-bulk's options
write_keys() {
	out=$1 keys=$2
	shift 2
	epoch=$(state get position epoch) || epoch=0
	{
		# shellcheck disable=SC2086
		dump-reader $options --epoch "$epoch" --keys "$keys"
		echo $? >"$out/1"
	} | {
		# shellcheck disable=SC2086
		es-bulk $options "$@" >"$out/acks"
		echo $? >"$out/2"
	}
	return "$(verdict "$(cat "$out/1")" "$(cat "$out/2")")"
}

# A load's rows would meet deletes that the engine has forgotten by then.
is_loading() { # TABLE
	case $(state get table "$1" status) in
	created | dumping | dumped | moving) log WARN "it is to be loaded first table=$1" ;;
	*) return 1 ;;
	esac
}
