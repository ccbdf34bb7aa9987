"""The options that a kind of remote takes: DVC's names for it, whether we need them or not, and our own."""

ANY = frozenset({"checksum_jobs", "jobs", "no_traverse", "verify", "version_aware", "worktree"})
FOLDER = ANY | {"protected", "shared", "slow_link_warning", "type"}
HTTP = ANY | {
    *("ask_password", "auth", "connect_timeout", "custom_auth_header", "method", "password", "read_timeout"),
    *("ssl_verify", "user"),
}
S3 = ANY | {
    *("access_key_id", "acl", "allow_anonymous_login", "cache_regions", "configpath", "connect_timeout"),
    *("credentialpath", "endpointurl", "grant_full_control", "grant_read", "grant_read_acp"),
    *("grant_write_acp", "listobjects", "profile", "read_timeout", "region", "secret_access_key"),
    *("session_token", "sse", "sse_customer_algorithm", "sse_customer_key", "sse_kms_key_id", "ssl_verify"),
    *("use_ssl",),
}
SSH = ANY | {
    *("allow_agent", "ask_passphrase", "ask_password", "gss_auth", "keyfile", "known_hosts", "max_sessions"),
    *("passphrase", "password", "port", "timeout", "type", "user"),
}
