"""Failures.md, Limits.md and Runbook.md: each row of their tables and each step names the tests that show it."""

from __future__ import annotations

import re

import pytest

from peers.broker import ROOT

PAGES = ROOT / "Sources/latchkey/Latchkey.docc"

#: What fails, and the tests that inject it: end-to-end tests by file and name, Swift tests by their sentence.
DEGRADES = {
    "the secrets' store is down or throttles": [
        "api/test_outcomes.py::test_when_the_store", "faults/test_faults_retry.py::test_throttled_for_good_the_retry_quota_stops_the_storm",
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
        "faults/test_faults_writes.py::test_a_denied_write_costs_nobody_a_token_and_is_not_repeated"],
    "the token is longer than its parameter may be": [
        "fleet/test_token_sizes.py::test_a_token_of_any_size_is_shared_or_said_not_to_be",
        "fleet/test_token_sizes.py::test_no_replica_waits_for_a_token_that_cannot_be_shared",
    ],
    "the issuer is down": [
        "faults/test_faults_down.py::test_with_the_issuer_down_the_old_token_is_served_until_it_expires_and_not_after"],
    "the issuer throttles": ["faults/test_faults_issuer.py::test_a_throttling_issuer_is_not_called_before_its_time"],
    "the issuer denies access": ["faults/test_faults_retry.py::test_an_issuer_that_refuses_is_not_pressed"],
    "host names cannot be looked up, or lookups hang": [
        "faults/test_faults_names.py::test_names_that_hang_and_a_resolver_that_is_gone_hold_up_no_known_name"],
    "the proxy is down, refuses or hangs": ["faults/test_faults_proxies.py::test_a_proxy_that_fails_is_named_and_survived"],
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
        "faults/test_faults_writes.py::test_a_stored_token_that_is_none_is_a_miss_and_is_overwritten",
        "faults/test_faults_writes.py::test_a_token_past_its_own_exp_is_never_served_whatever_its_pair_says",
    ],
    "Parameter Store gets more calls than `LATCHKEY_SSM_MAX_TPS` or AWS's quota allows": [
        "fleet/test_storm.py::test_hundreds_of_cold_names_at_once_are_read_in_tens_within_the_rate",
        "fleet/test_storm.py::test_what_the_quota_has_no_room_for_is_told_when_to_come_back",
    ],
    "the broker that refreshes for the fleet dies, or cannot write": [
        "fleet/test_fleet.py::test_a_broker_killed_while_it_refreshes_holds_nobody_up_for_longer_than_its_lease",
        "fleet/test_fleet.py::test_whatever_becomes_of_writes_tokens_keep_coming_and_each_broker_asks_once_a_life",
    ],
    "too many connections": ["faults/test_faults_server.py::test_connections_over_the_cap_are_told_so_and_the_probe_still_answers"],
    "the log is not read": [
        "faults/test_faults_machine.py::test_lines_that_were_lost_are_counted_once_there_is_room",
        "api/test_request_log.py::test_lines_of_5xx_outlive_a_reader_that_does_not_read",
    ],
    "a client secret was rotated": [
        "api/test_profiles.py::test_in_the_blob_heals_by_itself_for_one_request_more",
        "api/test_profiles.py::test_in_a_parameter_of_its_own_heals_by_itself_for_one_request_more",
        "api/test_profiles.py::test_in_a_file_heals_at_the_next_token",
    ],
    "the issuer's quota runs low (a tenth or less is left)": [
        "fleet/test_fleet.py::test_what_an_issuer_has_little_of_is_spared_by_the_whole_fleet"],
    "the issue budget is spent": [
        "fleet/test_fleet.py::test_a_budget_that_is_spent_is_one_broker_s_own_matter",
        "api/test_profiles.py::test_the_budget_is_a_profiles_own_and_says_whose_it_is",
    ],
    "a followed file cannot be read": [
        "faults/test_faults_files.py::test_a_file_that_cannot_be_used_is_told_once_counted_and_comes_back_by_itself"],
    "the backend parameter was deleted, holds an unknown value or cannot be read": [
        "fleet/test_backends.py::test_once_a_word_was_followed_only_another_word_turns_the_fleet",
        "fleet/test_backends.py::test_a_fleet_that_can_no_longer_follow_says_so",
    ],
    "the parameter of kept secrets was deleted, is malformed or cannot be read": [
        "fleet/test_kept.py::test_a_list_is_followed_and_one_that_is_gone_stays",
        "fleet/test_kept.py::test_while_the_list_cannot_be_read_an_absence_is_no_answer",
    ],
    "the policy has never allowed reading the parameter of kept secrets": [
        "fleet/test_kept.py::test_a_list_that_may_not_be_read_means_none_with_one_warning"],
    "Secrets Manager fails while secrets are kept there": [
        "fleet/test_kept.py::test_when_secrets_manager_fails_kept_secrets_alone_are_stale"],
    "SIGTERM": [
        "faults/test_faults_server.py::test_sigterm_under_load_fails_no_request",
        "faults/test_faults_server.py::test_a_request_under_way_at_sigterm_gets_its_answer",
    ],
}

LIMITS = {
    "request line": ["api/test_request_log.py::test_what_the_server_itself_refuses_is_found_by_its_id_at_info"],
    "head": ["api/test_request_log.py::test_what_the_server_itself_refuses_is_found_by_its_id_at_info"],
    "body": ["A chunked body over the limit of its route is rejected, or aborted when the request was answered"],
    "body before the caller is known": ["faults/test_hostile_bodies.py::test_an_oauth_client_has_8_kib_to_say_who_it_is"],
    "TLS handshake": ["A handshake has a deadline"],
    "TLS handshakes that are not complete": [
        "Too many unfinished handshakes end the oldest, and a real client is served"],
    "head complete": ["api/test_request_log.py::test_a_request_that_does_not_arrive_is_logged"],
    "whole request": ["A body that does not arrive in time is answered with 408 and the connection closed"],
    "idle connection": [
        "faults/test_hostile_bodies.py::test_a_connection_that_brings_no_valid_request_is_closed_after_10_s",
        "An idle connection is closed without a response",
    ],
    "response that the peer does not read": ["faults/test_faults_server.py::test_slow_clients_are_ended_and_hold_up_nobody"],
    "connections": ["faults/test_descriptors.py::test_connections_past_the_cap_are_gone_in_seconds"],
    "descriptor limit (`ulimit -n`)": ["faults/test_descriptors.py::test_a_descriptor_limit_without_room_is_refused_at_start"],
    "rendered responses of one connection that the peer does not read": [
        "faults/test_hostile_pipelines.py::test_unsent_answers_are_bounded_and_every_one_comes"],
    "work for one connection in one turn of an event loop": [
        "A turn ends at its maximum number of requests, or at its time limit measured from the second request"],
    "renderings of `/metrics`": ["faults/test_hostile_pipelines.py::test_scrapes_without_end_hold_up_nobody"],
    "pipelined requests waiting on one connection": [
        "At the pipeline depth nothing more is read until replies have been sent"],
    "one upstream request": ["faults/test_faults_wire.py::test_no_answer_at_all_ends_at_the_deadline_and_leaves_no_connection"],
    "response of an upstream": [
        "faults/test_faults_wire.py::test_a_body_at_the_bound_is_taken_and_one_octet_more_is_not",
        "faults/test_faults_wire.py::test_a_head_beyond_measure_is_refused",
    ],
    "response of a proxy to `CONNECT`": ["The head of a response to CONNECT is limited"],
    "lookups of host names": ["At the limit of parallel lookups, a name waits until one ends", "A lookup that hangs gets a second one in parallel, and no third"],
    "addresses tried for one name": ["All addresses of a name are tried in order"],
    "secrets in memory": ["Entries and bytes are bounded, the least recently used goes first"],
    "known absences": ["20,000 unknown keys hold no more than 10,000 absences"],
    "callers waiting for one item": ["Callers over the bound are refused at once"],
    "callers waiting for a change (`wait=`)": [
        "api/test_secrets_several.py::test_a_wait_past_the_bound_is_refused",
        "api/test_secrets_several.py::test_who_has_gone_gives_up_its_place",
    ],
    "`version=`, `label=`": ["api/test_secrets.py::test_a_selector_that_can_be_none_is_refused_without_asking"],
    "JSON in documents and secrets": ["What is just within the named limits is read, and what is past them is not"],
    "JSON in requests": ["faults/test_hostile_json.py::test_a_text_costs_its_bytes_and_ends_nothing"],
    "JSON values kept parsed for `field=`": [
        "What is kept parsed is bounded, and past the bound a field is found all the same"],
    "a followed file": ["A file is read whole, up to its limit"],
    "callers waiting for the backend to be known": [
        "A caller whose deadline comes before it is known is told what has not been read"],
    "a list of names or parameters": ["Pages are followed through empty ones to the end"],
}

#: The steps of the runbook by their number.
RUNBOOK = {
    "1": ["api/test_diagnosis.py::test_last_error_of_the_store_is_a_documented_code"],
    "2": ["api/test_main_job.py::test_with_aws_gone_the_token_stays_and_health_says_degraded"],
    "3": [
        "api/test_doctor.py::test_no_credentials_are_a_matter_of_configuration",
        "api/test_diagnosis.py::test_tiers_says_that_the_issuer_fails_although_a_token_is_shared",
    ],
    "4": ["api/test_metrics.py::test_what_was_done_was_counted", "api/test_auth.py::test_a_wrong_key_is_refused_and_never_echoed"],
    "5": [
        "faults/test_faults_retry.py::test_an_issuer_that_refuses_is_not_pressed",
        "faults/test_faults_issuer.py::test_a_throttling_issuer_is_not_called_before_its_time",
    ],
    "6": ["faults/test_faults_order.py::test_what_is_asked_for_after_a_change_shows_the_change"],
    "7": ["api/test_rejected.py::test_the_cached_token_is_replaced_for_one_request_more"],
    "8": ["api/test_main_job.py::test_after_a_restart_the_token_comes_from_parameter_store"],
}


def section(page: str, heading: str) -> str:
    return (PAGES / page).read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]


def rows(page: str, heading: str) -> list[str]:
    """The first cells of a section's table."""
    table = [line for line in section(page, heading).splitlines() if line.startswith("|")]
    return [line.split("|")[1].strip() for line in table[2:]]


@pytest.mark.parametrize(
    ("page", "heading", "tests"),
    [("Failures.md", "Degradation", DEGRADES), ("Limits.md", "Limits", LIMITS)], ids=["degrades", "limits"])
def test_each_row_has_its_tests(page: str, heading: str, tests: dict[str, list[str]]) -> None:
    assert rows(page, heading) == list(tests)


def test_each_step_of_the_runbook_has_its_tests() -> None:
    assert re.findall(r"^(\d+)\. ", section("Runbook.md", "First steps"), re.MULTILINE) == list(RUNBOOK)


def test_the_tests_are_there() -> None:
    swift = "\n".join(file.read_text() for file in (ROOT / "Tests").glob("*Tests/**/*.swift"))
    for name in {name for table in (DEGRADES, LIMITS, RUNBOOK) for tests in table.values() for name in tests}:
        file, found, function = name.partition("::")
        if found:
            text = (ROOT / "Tests/EndToEnd" / file).read_text()
            assert re.search(rf"^ *def {function}\(", text, re.MULTILINE), name
        else:
            assert f"func `{name}`" in swift, name
