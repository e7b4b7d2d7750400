/// The kind of a log line. Its name is the line's member `event` and stays the same when the message changes.
///
/// Logs.md has these names and the sentences about them, in this order and below the same headings.
package enum LoggedEvent: String, CaseIterable, Sendable {
    // MARK: Start and stop

    /// The broker accepts connections at an address.
    case listening = "listening"
    /// The broker accepts connections of probes at an address.
    case listeningForProbes = "listening_for_probes"
    /// At start, the number of connections that the broker accepts at once.
    case connectionCap = "connection_cap"
    /// At start, the descriptor limit allows fewer connections than configured.
    case descriptorLimitLow = "descriptor_limit_low"
    /// The process has confined itself.
    case confined = "confined"
    /// The process could not confine itself, or only in part.
    case notConfined = "not_confined"
    /// A setting is valid and exposes keys, tokens or secrets.
    case settingUnsafe = "setting_unsafe"
    /// A variable of AWS's Lambda extension has no effect.
    case lambdaVariableIgnored = "lambda_variable_ignored"
    /// Other users can read a file that may hold credentials or says who may have what.
    case fileReadableByOthers = "file_readable_by_others"
    /// This build does not overwrite freed memory.
    case memoryNotWiped = "memory_not_wiped"
    /// Secrets are in memory that may be written to swap. Once for each process.
    case memoryNotLocked = "memory_not_locked"
    /// Freed memory was given back to the kernel.
    case memoryTrimmed = "memory_trimmed"
    /// The service manager does not get a message of the broker.
    case serviceManagerFailed = "service_manager_failed"
    /// A signal, or AWS Lambda, asks the broker to stop.
    case stopRequested = "stop_requested"
    /// The broker is not ready any more, and accepts connections until the delay has passed.
    case stopDelayed = "stop_delayed"
    /// A second signal ends the delay.
    case stopHastened = "stop_hastened"
    /// The broker has stopped, and its process ends.
    case stopped = "stopped"
    /// A signal without an effect has arrived.
    case signalIgnored = "signal_ignored"
    /// The process has crashed. It is the last line.
    case crashed = "crashed"

    // MARK: Requests

    /// A request was answered.
    case request = "request"
    /// Lines about requests were left out, because there were too many with one status.
    case requestsOmitted = "requests_omitted"
    /// The callers file would refuse a request in the mode `enforce`.
    case wouldDeny = "would_deny"
    /// Answers to an address or to a claimed caller id are delayed.
    case guessing = "guessing"
    /// A TLS handshake has ended.
    case tlsHandshake = "tls_handshake"
    /// A connection could not be accepted.
    case acceptFailed = "accept_failed"
    /// Log lines were dropped, because they were not read in time.
    case linesDropped = "lines_dropped"
    /// Spans were not taken by the collector, or too many of them wait.
    case spansLost = "spans_lost"
    /// The collector takes spans again.
    case spansExported = "spans_exported"

    // MARK: Settings and files

    /// The settings were read again.
    case reloaded = "reloaded"
    /// A changed setting cannot be used; its last good value stays in force.
    case reloadFailed = "reload_failed"
    /// A setting, or the file of one, has changed that is read only at start.
    case restartNeeded = "restart_needed"
    /// The log level has changed.
    case logLevelChanged = "log_level_changed"
    /// The settings file has changed.
    case settingsFileChanged = "settings_file_changed"
    /// The API key has changed.
    case apiKeyChanged = "api_key_changed"
    /// The callers have changed.
    case callersChanged = "callers_changed"
    /// A caller's secret for signatures has changed.
    case signingSecretChanged = "signing_secret_changed"
    /// The profiles have changed.
    case profilesChanged = "profiles_changed"
    /// The certificate files have changed.
    case certificateChanged = "certificate_changed"
    /// A certificate that the broker presents has expired.
    case certificateExpired = "certificate_expired"
    /// Another followed file has changed.
    case fileChanged = "file_changed"
    /// A followed file cannot be read or used; its last good value stays in force.
    case fileFailed = "file_failed"
    /// A followed file can be used again, with the same value.
    case fileRecovered = "file_recovered"
    /// The key set of an issuer has changed.
    case keySetChanged = "key_set_changed"
    /// The key set of an issuer cannot be read or used; its last good keys stay in force.
    case keySetFailed = "key_set_failed"
    /// The key set of an issuer can be read again, with the same keys.
    case keySetRecovered = "key_set_recovered"
    /// The broker has begun to read secrets from a backend, or from another one.
    case backendChanged = "backend_changed"
    /// The parameter that names the backend cannot be followed.
    case backendFailed = "backend_failed"
    /// The parameter that names the backend is followed again.
    case backendRecovered = "backend_recovered"
    /// The list of secrets that are kept in Secrets Manager has changed.
    case keptChanged = "kept_changed"
    /// The parameter that lists the kept secrets cannot be followed.
    case keptFailed = "kept_failed"
    /// The parameter that lists the kept secrets is followed again.
    case keptRecovered = "kept_recovered"

    // MARK: Upstreams

    /// A tier did not answer, or answered with an error.
    case tierFailed = "tier_failed"
    /// A tier answers again.
    case tierRecovered = "tier_recovered"
    /// A tier refused to read one item.
    case itemRefused = "item_refused"
    /// The blob is not a JSON object.
    case blobInvalid = "blob_invalid"
    /// The blob is a JSON object again.
    case blobRecovered = "blob_recovered"
    /// A secret of `LATCHKEY_PREFETCH` does not exist.
    case prefetchMissing = "prefetch_missing"
    /// The shared tier did not take a token or a lease.
    case sharedWriteFailed = "shared_write_failed"
    /// A token was not written to the shared tier, because it is too large.
    case sharedWriteSkipped = "shared_write_skipped"
    /// A shared token cannot be used.
    case sharedTokenInvalid = "shared_token_invalid"
    /// A caller reports that a resource server has rejected the token.
    case tokenRejected = "token_rejected"
    /// With the backend `shadow`, a secret differs between the stores.
    case storesDiffer = "stores_differ"
    /// With the backend `shadow`, a secret is the same in both stores again.
    case storesAgree = "stores_agree"
    /// With the backend `shadow`, the values of a secret could not be compared.
    case comparisonFailed = "comparison_failed"
    /// The sources of AWS credentials were asked.
    case credentialsSearched = "credentials_searched"
    /// AWS credentials could not be renewed, and the current ones are still valid.
    case credentialsNotRenewed = "credentials_not_renewed"
    /// There are no AWS credentials.
    case credentialsMissing = "credentials_missing"

    // MARK: Audit log and warm file

    /// The audit log cannot be written.
    case auditFailed = "audit_failed"
    /// The audit log is written again.
    case auditRecovered = "audit_recovered"
    /// The audit log cannot be opened again after a rotation.
    case auditReopenFailed = "audit_reopen_failed"
    /// At start, the warm file was read.
    case warmFileRead = "warm_file_read"
    /// At start, there is a warm file that must not be used.
    case warmFileRefused = "warm_file_refused"
    /// The warm file cannot be written and was removed.
    case warmFileRemoved = "warm_file_removed"
    /// The warm file can neither be written nor removed.
    case warmFileLeft = "warm_file_left"
}
