# Telling systemd, where it waits for that: m2e@.service.

ready() {
	[ -n "${NOTIFY_SOCKET:-}" ] && command -v systemd-notify >/dev/null || return 0
	systemd-notify --ready --status="running since $(date -u +%Y-%m-%dT%H:%M:%SZ)" || log WARN "systemd was not told"
}
