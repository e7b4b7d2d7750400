"""Each row of Failures.md and Limits.md and each step of Runbook.md has tests."""

from __future__ import annotations

import re

import pytest

from peers.broker import ROOT
from peers.pages import CATALOGUE, numbers, table

#: Failures and the tests that inject them: end-to-end tests by file and name, Swift tests by name.
DEGRADES = {
    "the secrets' store is down or throttles": [
        "api/test_outcomes.py::test_when_the_store", "faults/test_faults_retry.py::test_the_retry_quota_limits_retries_during_throttling",
    ],
    "the secrets' store denies access": ["api/test_outcomes.py::test_when_the_store"],
    "the secrets' store denies one secret": ["api/test_outcomes.py::test_one_secret_that_is_denied_is_no_outage"],
    "the blob is no longer a JSON object": [
        "faults/test_bad_blob.py::test_a_warm_broker_serves_on_and_its_health_does_not_change_to_and_fro",
        "faults/test_bad_blob.py::test_past_the_stale_time_of_the_old_one_nothing_is_served",
    ],
    "Parameter Store is down as the shared tier": [
        "faults/test_faults_down.py::test_with_parameter_store_down_the_token_comes_straight_from_the_issuer",
        "faults/test_faults_down.py::test_with_parameter_store_down_memory_is_as_quick_as_before",
    ],
    "the token cannot be written to Parameter Store": [
        "faults/test_faults_writes.py::test_a_denied_write_fails_no_request_and_is_not_repeated"],
    "the token is longer than its parameter may be": [
        "fleet/test_token_sizes.py::test_a_token_of_any_size_is_shared_or_the_log_says_why_not",
        "fleet/test_token_sizes.py::test_no_replica_waits_for_a_token_that_cannot_be_shared",
    ],
    "the issuer is down": [
        "faults/test_faults_down.py::test_with_the_issuer_down_the_old_token_is_served_until_it_expires_and_not_after"],
    "the issuer throttles": ["faults/test_faults_issuer.py::test_a_throttling_issuer_is_not_called_before_its_time"],
    "the issuer denies access": ["faults/test_faults_retry.py::test_an_issuer_that_rejects_is_not_called_repeatedly"],
    "host names cannot be looked up, or lookups hang": [
        "faults/test_faults_names.py::test_hanging_lookups_do_not_delay_known_names"],
    "the proxy is down, refuses or hangs": ["faults/test_faults_proxies.py::test_a_proxy_that_fails_is_named_and_survived"],
    "everything is down at start, with a warm file (<doc:WarmRestart>)": [
        "faults/test_warm_file.py::test_after_a_kill_everything_is_served_at_once_and_marked_as_stale"],
    "everything is down at start": [
        "faults/test_faults_down.py::test_with_everything_down_at_the_start_it_starts_and_heals_without_a_restart"],
    "there are no AWS credentials": ["api/test_diagnosis.py::test_no_aws_credentials_have_one_name_everywhere"],
    "the blob lacks a field": ["api/test_diagnosis.py::test_a_field_that_the_blob_lacks_is_named_everywhere"],
    "the source of AWS credentials is down": [
        "faults/test_faults_credentials.py::test_a_source_that_is_down_is_done_without_until_the_credentials_end",
        "faults/test_faults_credentials.py::test_values_outlive_the_credentials_they_were_read_with",
    ],
    "the shared token is torn, corrupt or expired": [
        "faults/test_faults_writes.py::test_a_pair_with_an_odd_expiry_is_a_miss_and_is_mended",
        "faults/test_faults_writes.py::test_a_malformed_stored_token_is_a_miss_and_is_overwritten",
        "faults/test_faults_writes.py::test_a_token_past_its_exp_claim_is_never_served",
    ],
    "Parameter Store gets more calls than `LATCHKEY_SSM_MAX_TPS` or AWS's quota allows": [
        "fleet/test_storm.py::test_hundreds_of_cold_names_at_once_are_read_in_tens_within_the_rate",
        "fleet/test_storm.py::test_calls_over_the_quota_get_a_retry_after",
    ],
    "the broker that refreshes for the fleet dies, or cannot write": [
        "fleet/test_fleet.py::test_a_broker_killed_during_a_refresh_delays_others_at_most_for_its_lease",
        "fleet/test_fleet.py::test_tokens_are_served_if_writes_fail_with_one_request_per_broker_and_lifetime",
    ],
    "no descriptor is left": [
        "faults/test_listeners.py::test_without_descriptors_accepting_pauses_and_goes_on"],
    "too many connections": ["faults/test_faults_server.py::test_connections_over_the_limit_get_503_and_probes_are_answered"],
    "the log is not read": [
        "faults/test_faults_machine.py::test_lines_that_were_lost_are_counted_once_there_is_room",
        "api/test_request_log.py::test_lines_of_5xx_are_kept_while_the_log_is_not_read",
    ],
    "a client secret was rotated": [
        "api/test_profiles.py::test_a_rotated_secret_in_the_blob_costs_one_more_request",
        "api/test_profiles.py::test_a_rotated_secret_in_a_parameter_costs_one_more_request",
        "api/test_profiles.py::test_a_rotated_secret_in_a_file_is_used_for_the_next_token",
    ],
    "the issuer's quota runs low (a tenth or less is left)": [
        "fleet/test_fleet.py::test_the_whole_fleet_conserves_a_low_quota"],
    "the issue budget is spent": [
        "fleet/test_fleet.py::test_a_budget_that_is_spent_is_one_broker_s_own_matter",
        "api/test_profiles.py::test_the_budget_is_a_profiles_own_and_says_whose_it_is",
    ],
    "a followed file cannot be read": [
        "faults/test_faults_files.py::test_an_unusable_file_is_logged_once_counted_and_recovers"],
    "a changed setting cannot be used, after SIGHUP or a change of the settings file": [
        "api/test_reload.py::test_a_weak_key_changes_nothing_and_the_log_level_is_replaced_beside_it",
        "api/test_reload.py::test_of_a_settings_file_with_a_bad_line_nothing_is_used",
    ],
    "the backend parameter was deleted, holds an unknown value or cannot be read": [
        "fleet/test_backends.py::test_once_followed_only_another_valid_value_changes_the_backend",
        "fleet/test_backends.py::test_a_fleet_that_can_no_longer_follow_says_so",
    ],
    "the parameter of kept secrets was deleted, is malformed or cannot be read": [
        "fleet/test_kept.py::test_a_list_is_followed_and_a_deleted_list_stays_in_force",
        "fleet/test_kept.py::test_while_the_list_is_unreadable_a_missing_secret_is_an_error",
    ],
    "the policy has never allowed reading the parameter of kept secrets": [
        "fleet/test_kept.py::test_a_forbidden_list_counts_as_empty_with_one_warning"],
    "Secrets Manager fails while secrets are kept there": [
        "fleet/test_kept.py::test_when_secrets_manager_fails_kept_secrets_alone_are_stale"],
    "SIGTERM": [
        "faults/test_faults_server.py::test_sigterm_under_load_fails_no_request",
        "faults/test_faults_server.py::test_a_request_under_way_at_sigterm_gets_its_answer",
    ],
}

LIMITS = {
    "request line": ["api/test_request_log.py::test_requests_that_the_server_rejects_are_logged_at_info_with_their_id"],
    "head": ["api/test_request_log.py::test_requests_that_the_server_rejects_are_logged_at_info_with_their_id"],
    "body": ["A chunked body over the limit of its route is rejected, or aborted when the request was answered"],
    "body before the caller is known": ["faults/test_hostile_bodies.py::test_an_oauth_client_has_8_kib_for_its_credentials"],
    "TLS handshake": ["A handshake has a deadline"],
    "TLS handshakes that are not complete": [
        "Too many unfinished handshakes end the oldest, and a real client is served"],
    "memory of TLS connections": ["faults/test_memory_growth.py::test_the_memory_of_a_flood_of_tls_connections_goes_back"],
    "head complete": ["api/test_request_log.py::test_a_request_that_does_not_arrive_is_logged"],
    "whole request": ["A body that does not arrive in time is answered with 408 and the connection closed"],
    "idle connection": [
        "faults/test_hostile_bodies.py::test_a_connection_that_brings_no_valid_request_is_closed_after_10_s",
        "An idle connection is closed without a response",
    ],
    "response that the peer does not read": ["faults/test_faults_server.py::test_slow_clients_are_disconnected_and_delay_no_other"],
    "connections": ["faults/test_descriptors.py::test_connections_past_the_cap_are_gone_in_seconds"],
    "connections of `LATCHKEY_PROBE_LISTEN`": [
        "At its limit the probe listener closes the oldest connection for a new one",
        "api/test_probe_listener.py::test_a_connection_beyond_the_limit_closes_the_oldest",
    ],
    "descriptor limit (`ulimit -n`)": ["faults/test_descriptors.py::test_a_descriptor_limit_without_room_is_refused_at_start"],
    "connections that wait to be accepted": ["Connections that wait when the drain begins are answered"],
    "no descriptor for a connection": [
        "faults/test_listeners.py::test_without_descriptors_accepting_pauses_and_goes_on"],
    "a worker that starts": ["faults/test_listeners.py::test_workers_that_cannot_start_end_the_start"],
    "a message to the service manager": [
        "faults/test_service_manager.py::test_a_service_manager_that_does_not_listen_is_no_reason_to_fail"],
    "rendered responses of one connection that the peer does not read": [
        "faults/test_hostile_pipelines.py::test_unsent_answers_are_bounded_and_every_one_comes"],
    "work for one connection in one turn of an event loop": [
        "A turn ends at its maximum number of requests, or at its time limit measured from the second request"],
    "renderings of `/metrics`": ["faults/test_hostile_pipelines.py::test_continuous_scrapes_delay_no_other_caller"],
    "pipelined requests waiting on one connection": [
        "At the pipeline depth nothing more is read until replies have been sent"],
    "one upstream request": ["faults/test_faults_wire.py::test_no_answer_at_all_ends_at_the_deadline_and_leaves_no_connection"],
    "response of an upstream": [
        "faults/test_faults_wire.py::test_a_body_at_the_limit_is_accepted_and_one_byte_more_is_not",
        "faults/test_faults_wire.py::test_an_oversized_head_is_rejected",
    ],
    "response of a proxy to `CONNECT`": ["The head of a response to CONNECT is limited"],
    "lookups of host names": ["At the limit of parallel lookups, a name waits until one ends", "A lookup that hangs gets a second one in parallel, and no third"],
    "addresses tried for one name": ["All addresses of a name are tried in order"],
    "secrets in memory": ["Entries and bytes are limited, and the least recently used entry is removed first"],
    "known absences": ["20,000 unknown keys occupy at most 10,000 absences"],
    "callers waiting for one item": ["Callers beyond the limit are refused at once"],
    "reads of a store in progress": ["Reads run at once while there is room, and half of it is left to others"],
    "reads that wait for a store": [
        "The number of waiting reads is limited, and each caller has its share of it"],
    "forced refreshes of a token": ["api/test_fairness.py::test_a_caller_has_a_share_of_forced_refreshes"],
    "callers waiting for a change (`wait=`)": [
        "api/test_secrets_several.py::test_a_wait_over_the_limit_is_rejected",
        "api/test_secrets_several.py::test_a_disconnected_caller_frees_its_place",
    ],
    "`version=`, `label=`": ["api/test_secrets.py::test_a_malformed_selector_is_rejected_without_a_request"],
    "JSON in documents and secrets": ["A text at its limit is read, and a text beyond it is not"],
    "JSON in requests": ["faults/test_hostile_json.py::test_a_text_costs_its_bytes_and_ends_nothing"],
    "JSON values kept parsed for `field=`": [
        "The parsed text is limited, and beyond the limit fields are still found"],
    "secrets kept as JSON for `/secrets/{key}`": ["What makes room for another secret is no hit"],
    "keys that a worker remembers (<doc:0019-Verified-keys>)": [
        "The table is bounded, and nothing is left in it after a change"],
    "signing keys of AWS clients that a worker remembers": ["The oldest signing keys make room for further ones"],
    "the warm file": ["Beyond its limit a snapshot leaves out the secrets that were used longest ago"],
    "waiting for the stores at start, with a warm file": [
        "faults/test_warm_file.py::test_after_a_kill_everything_is_served_at_once_and_marked_as_stale"],
    "a token of a caller": ["Every forged or odd token is refused for its reason, also the second time"],
    "a key set": ["A text that is no usable set is refused with the reason"],
    "reads of a key set for an unknown `kid`": ["A URL is read at most once a minute for unknown keys"],
    "verified tokens that are remembered": ["Entries and bytes are limited, and the least recently used entry is removed first"],
    "wrong credentials": [
        "api/test_guessing.py::test_delays_double_up_to_two_seconds_and_valid_callers_are_served_meanwhile"],
    "delayed answers": [
        "Beyond the limit replies are sent at once, and close their connection",
        "api/test_guessing.py::test_beyond_a_thousand_delayed_answers_they_are_sent_at_once_and_close",
    ],
    "addresses, and claimed caller ids, whose wrong credentials are counted": [
        "Memory is bounded, and the peer that failed longest ago is forgotten"],
    "audit lines for requests without a valid credential": [
        "api/test_audit.py::test_requests_without_a_credential_cannot_fill_the_log",
        "All addresses together get a hundred lines a second", "The table of addresses is bounded"],
    "a name in the audit log": ["Control characters are escaped, and a long name is cut between characters"],
    "a write of the audit log to a pipe (`stderr`)": ["A pipe that nobody reads takes what it has room for"],
    "a line that `audit verify` reads, and chains that it remembers": ["A line that is too long is cut"],
    "a followed file": ["A file is read whole up to the limit"],
    "callers waiting for the backend to be known": [
        "A caller that reaches its deadline before the backend is known is told which parameter has not been read"],
    "a list of names or parameters": ["Pages are followed to the end, through empty ones"],
    "spans that wait for the collector": ["A full queue drops spans and counts them"],
    "a template of `latchkey render`": ["Every limit is enforced and none before it"],
    "a file that `latchkey render` writes": ["Every limit is enforced and none before it"],
    "a command of `latchkey render`": ["api/test_render.py::test_a_command_that_fails_is_reported_and_the_file_stays"],
}

#: The steps of the runbook by their number.
RUNBOOK = {
    "1": ["api/test_diagnosis.py::test_last_error_of_the_store_is_a_documented_code"],
    "2": ["api/test_main_job.py::test_with_aws_gone_the_token_stays_and_health_says_degraded"],
    "3": [
        "api/test_doctor.py::test_missing_credentials_are_a_configuration_problem",
        "api/test_diagnosis.py::test_tiers_says_that_the_issuer_fails_although_a_token_is_shared",
    ],
    "4": ["api/test_metrics.py::test_requests_are_counted", "api/test_auth.py::test_a_wrong_key_is_refused_and_never_echoed"],
    "5": [
        "faults/test_faults_retry.py::test_an_issuer_that_rejects_is_not_called_repeatedly",
        "faults/test_faults_issuer.py::test_a_throttling_issuer_is_not_called_before_its_time",
    ],
    "6": ["faults/test_faults_order.py::test_a_read_after_a_change_returns_the_change"],
    "7": ["api/test_rejected.py::test_the_cached_token_is_replaced_for_one_request_more"],
    "8": ["api/test_audit_files.py::test_a_full_disk_behaves_as_configured"],
    "9": ["api/test_main_job.py::test_after_a_restart_the_token_comes_from_parameter_store"],
}


@pytest.mark.parametrize(
    ("page", "heading", "tests"),
    [("Failures.md", "Degradation", DEGRADES), ("Limits.md", "Limits", LIMITS)], ids=["degrades", "limits"])
def test_each_row_has_its_tests(page: str, heading: str, tests: dict[str, list[str]]) -> None:
    assert [row[0] for row in table(CATALOGUE / page, heading)] == list(tests)


def test_each_step_of_the_runbook_has_its_tests() -> None:
    assert numbers(CATALOGUE / "Runbook.md", "First steps") == list(RUNBOOK)


def test_the_tests_are_there() -> None:
    swift = "\n".join(file.read_text() for file in (ROOT / "Tests").glob("*Tests/**/*.swift"))
    for name in {name for rows in (DEGRADES, LIMITS, RUNBOOK) for tests in rows.values() for name in tests}:
        file, found, function = name.partition("::")
        if found:
            text = (ROOT / "Tests/EndToEnd" / file).read_text()
            assert re.search(rf"^ *def {function}\(", text, re.MULTILINE), name
        else:
            assert f"func `{name}`" in swift, name
