//! The suite that every storage passes: what [`Storage`](super::Storage) says, as tests.
//!
//! [`storage_conformance!`](crate::storage_conformance) makes a test of each behaviour. None of
//! them moves a clock: durations are zero or an hour, and due times lie in the past.

mod stage;

pub mod audit;
pub mod batches;
pub mod claim;
pub mod commands;
pub mod continuations;
pub mod enqueue;
pub mod expiry;
pub mod fencing;
pub mod hold_ups;
pub mod limits;
pub mod monitor;
pub mod notes;
pub mod operations;
pub mod pauses;
pub mod recurring;
pub mod recurring_history;
pub mod recurring_jobs;
mod recurring_stage;
pub mod recurring_steps;
pub mod schedule;
pub mod search;
pub mod servers;
pub mod settle;
pub mod standing_by;
pub mod statistics;
pub mod tags;
pub mod traces;
pub mod turns;
pub mod unique;
pub mod versions;
pub mod wake_ups;

/// Makes one `#[tokio::test]` per behaviour of a storage.
///
/// The expression is evaluated once per test, in an async function, and gives an
/// `Arc<impl Storage>` that holds no jobs: `storage_conformance!(empty_database().await)`. The
/// crate that calls it needs tokio with `macros` and `rt-multi-thread`.
#[macro_export]
macro_rules! storage_conformance {
    ($storage:expr) => {
        $crate::storage_conformance! { @topic $storage, enqueue:
            a_job_waits_in_its_queue,
            a_batch_is_stored_as_a_whole,
            a_batch_with_a_known_id_stores_nothing,
            an_empty_batch_changes_nothing,
            a_delayed_job_waits_for_its_time,
            arguments_come_back_as_they_were,
        }
        $crate::storage_conformance! { @topic $storage, tags:
            a_claimed_job_knows_its_tenant_and_its_tags,
            a_plain_job_has_no_tenant_and_no_tags,
            tenant_and_tags_stay_with_a_job_all_its_life,
            odd_tags_come_back_as_they_were,
        }
        $crate::storage_conformance! { @topic $storage, traces:
            a_claimed_job_knows_its_trace,
            each_of_many_jobs_knows_its_trace,
            a_trace_stays_with_a_job_all_its_life,
            a_trace_survives_a_wait_for_others_and_a_deletion_at_the_end,
        }
        $crate::storage_conformance! { @topic $storage, versions:
            a_claimed_job_tells_the_version_of_its_arguments,
            newer_arguments_wait_for_a_server_that_knows_them,
            a_version_stays_with_a_job_all_its_life,
        }
        $crate::storage_conformance! { @topic $storage, continuations:
            a_job_awaits_its_parent_and_runs_after_it,
            a_job_awaits_all_its_parents,
            a_job_waits_on_while_a_parent_rests_in_the_dead_letter_queue,
            a_job_that_waits_for_any_end_runs_after_a_failure_and_after_a_deletion,
            a_job_is_deleted_when_its_condition_is_not_met,
            a_deletion_goes_down_the_whole_line,
            a_parent_that_has_ended_is_not_waited_for,
            a_deleted_parent_deletes_who_comes_later,
            a_parent_in_the_same_batch_is_waited_for,
            a_parent_that_runs_again_does_not_run_its_children_again,
            a_retried_parent_is_still_waited_for,
            a_delay_counts_from_the_end_of_the_parents,
            a_person_can_run_or_delete_a_job_that_awaits_others,
            an_unknown_parent_is_refused,
            a_job_that_would_wait_for_itself_is_refused,
            parents_that_end_at_the_same_time_release_a_job_once,
            a_child_that_is_added_while_its_parent_ends_runs_once,
            a_released_job_wakes_who_waits,
        }
        $crate::storage_conformance! { @topic $storage, batches:
            a_batch_counts_its_jobs_as_they_end,
            a_batch_that_is_not_there_has_no_progress,
            a_batch_is_continued_when_all_its_jobs_succeeded,
            a_batch_with_a_failed_job_is_continued_when_that_succeeds,
            a_batch_is_continued_on_any_end_when_all_its_jobs_have_ended,
            a_batch_with_a_deleted_job_deletes_what_continues_its_success,
            a_running_job_adds_others_to_its_batch,
            a_batch_that_has_ended_takes_no_more_jobs,
            a_requeued_job_opens_its_batch_again,
            a_large_batch_that_ends_all_at_once_is_continued_once,
            a_claimed_job_knows_its_batch,
            the_newest_batches_are_listed_first,
            who_continues_whom_is_told_while_they_are_stored,
        }
        $crate::storage_conformance! { @topic $storage, unique:
            a_second_job_under_a_key_is_told_the_first,
            a_job_that_is_enqueued_again_while_it_holds_its_key_is_its_own_duplicate,
            a_key_belongs_to_a_kind,
            a_key_is_free_when_its_job_has_ended,
            a_key_is_held_in_the_given_states,
            a_key_is_held_for_a_time,
            a_key_is_held_while_its_job_is_tried_again,
            a_job_that_waits_is_replaced,
            a_job_that_runs_is_not_replaced,
            the_first_of_a_batch_gets_the_key,
            the_others_of_a_batch_are_stored_all_the_same,
            many_at_once_under_one_key_store_one,
            many_at_once_that_replace_each_other_leave_one,
        }
        $crate::storage_conformance! { @topic $storage, claim:
            a_claimed_job_is_processing,
            a_claim_says_how_long_each_job_waited,
            the_oldest_job_goes_first,
            a_higher_priority_goes_first,
            queues_are_served_in_the_given_order,
            other_queues_are_left_alone,
            kinds_that_are_not_asked_for_stay_where_they_are,
            no_more_than_the_limit_is_claimed,
            a_claimed_job_is_not_claimed_again,
            each_claim_has_a_higher_epoch,
            a_server_that_is_not_known_gets_nothing,
            two_servers_share_the_jobs_without_overlap,
        }
        $crate::storage_conformance! { @topic $storage, pauses:
            a_paused_queue_gives_nothing,
            other_queues_go_on_beside_a_paused_one,
            running_jobs_of_a_paused_queue_go_on,
            a_resumed_queue_goes_on,
            a_pause_says_who_why_and_since_when,
            a_queue_can_be_paused_before_its_first_job,
            pausing_and_resuming_twice_is_harmless,
        }
        $crate::storage_conformance! { @topic $storage, limits:
            a_queue_runs_no_more_at_once_than_its_limit,
            a_key_without_a_limit_runs_one_job_at_a_time,
            each_key_of_a_group_has_the_limit_for_itself,
            a_limit_of_its_own_goes_before_the_groups,
            a_key_counts_over_all_queues,
            a_full_key_does_not_stand_in_the_way,
            a_claim_says_that_jobs_are_held_back,
            every_end_of_a_run_frees_its_place,
            a_requeue_and_a_deletion_free_a_place,
            the_death_of_a_server_frees_its_places,
            a_retired_server_frees_its_places,
            a_job_keeps_its_key_for_life,
            running_jobs_count_when_their_queue_is_limited,
            a_changed_limit_counts_from_the_next_claim_on,
            a_removed_limit_holds_nothing_back,
            limits_are_listed,
            many_servers_never_exceed_a_limit,
            a_rate_gives_no_more_than_it_allows,
            a_rate_opens_again_after_its_period,
            a_key_can_have_a_rate,
        }
        $crate::storage_conformance! { @topic $storage, turns:
            a_flood_of_one_tenant_does_not_delay_the_first_job_of_another,
            tenants_take_turns,
            a_turn_goes_on_where_the_claim_before_it_ended,
            a_claim_in_vain_leaves_the_turn_where_it_was,
            a_turn_is_over_when_jobs_of_nobody_ran_alone,
            jobs_of_nobody_take_turns_like_those_of_a_tenant,
            a_priority_counts_within_its_tenant,
            a_tenant_with_many_jobs_fills_what_others_leave,
            jobs_of_tenants_with_keys_are_limited_and_take_turns,
            a_key_that_tenants_share_goes_round_among_them,
            kinds_that_are_not_asked_for_take_nobodys_turn,
        }
        $crate::storage_conformance! { @topic $storage, hold_ups:
            nothing_holds_up_a_job_that_can_run,
            a_paused_queue_holds_up_its_jobs,
            a_used_up_limit_says_who_holds_it,
            a_closed_rate_says_when_it_opens,
            only_waiting_jobs_are_held_up,
            why_a_job_is_where_it_is_is_told,
            kinds_that_no_living_server_knows_are_told,
        }
        $crate::storage_conformance! { @topic $storage, settle:
            a_job_succeeds_with_its_result,
            a_job_succeeds_without_a_result,
            a_failed_attempt_is_kept_beside_its_retry,
            the_error_of_every_attempt_is_kept,
            a_job_is_given_up,
            a_discarded_job_is_deleted_after_its_last_failure,
            a_snoozed_job_does_not_use_up_an_attempt,
            a_returned_job_does_not_use_up_an_attempt,
            the_answers_are_in_the_order_of_the_settlements,
            odd_characters_do_not_stop_a_failure_from_being_recorded,
            six_hundred_claims_are_settled_at_once,
        }
        $crate::storage_conformance! { @topic $storage, fencing:
            a_lease_is_worth_one_settlement,
            a_lease_of_an_earlier_claim_changes_nothing,
            a_lease_is_stale_after_a_rescue,
            a_lease_is_stale_after_a_requeue,
            a_lease_is_stale_after_a_deletion,
            a_lease_of_an_unknown_job_is_stale,
        }
        $crate::storage_conformance! { @topic $storage, schedule:
            a_due_job_is_enqueued,
            a_job_whose_time_has_not_come_stays_scheduled,
            no_more_than_the_limit_is_enqueued,
            nothing_is_next_when_nothing_is_scheduled,
            a_retry_goes_on_counting_attempts,
            a_due_job_keeps_its_queue_and_priority,
            two_schedulers_enqueue_each_due_job_once,
        }
        $crate::storage_conformance! { @topic $storage, commands:
            a_job_is_requeued_from_any_other_state,
            a_requeued_job_starts_counting_again,
            a_requeued_job_stays_in_its_queue,
            a_requeue_goes_into_the_history,
            a_waiting_job_cannot_be_requeued,
            a_scheduled_job_is_triggered_now,
            a_triggered_retry_goes_on_counting_attempts,
            only_a_scheduled_job_can_be_triggered,
            a_job_is_deleted_from_any_other_state,
            a_deleted_job_is_not_claimed,
            commands_for_unknown_jobs_find_nothing,
            odd_characters_in_a_reason_do_not_stop_a_command,
            an_act_is_written_down_with_what_it_did,
            a_job_that_has_changed_since_it_was_seen_is_left_alone,
        }
        $crate::storage_conformance! { @topic $storage, servers:
            an_announced_server_is_listed,
            a_server_is_told_to_be_quiet_and_to_work_again,
            a_server_that_is_told_to_stop_stays_so,
            a_heartbeat_tells_which_leases_are_lost,
            an_unknown_server_is_gone,
            a_dead_server_is_forgotten_and_its_jobs_run_again,
            every_death_after_the_first_counts_against_a_run_that_had_begun,
            a_job_that_was_held_only_is_blamed_once,
            a_run_whose_lease_is_lost_cannot_begin,
            a_rescued_server_learns_that_it_is_gone,
            a_rescued_server_claims_nothing_more,
            a_living_server_is_not_rescued,
            finished_jobs_of_a_dead_server_stay_finished,
            a_retired_server_gives_back_its_jobs_without_blame,
            a_retired_server_is_forgotten,
            retiring_twice_is_harmless,
            a_claim_whose_answer_was_lost_is_given_back,
            two_rescuers_take_each_job_once,
        }
        $crate::storage_conformance! { @topic $storage, expiry:
            finished_jobs_expire,
            failed_jobs_never_expire,
            finished_jobs_stay_for_their_retention,
            no_more_than_the_limit_is_removed,
            each_state_has_its_own_retention,
            a_kind_has_its_own_retention,
            a_kind_without_a_retention_is_kept_as_all_others,
            jobs_that_are_kept_do_not_hide_those_that_expired,
            a_key_is_free_after_its_job_has_expired,
            a_batch_that_has_ended_expires,
        }
        $crate::storage_conformance! { @topic $storage, monitor:
            counts_equal_a_recount,
            an_empty_storage_counts_nothing,
            pages_cover_every_job_once,
            the_last_page_says_that_it_is_the_last,
            the_newest_change_comes_first,
            jobs_are_found_by_state_queue_and_kind,
            retries_are_told_from_delayed_jobs,
            a_page_holds_twenty_jobs_by_default,
            an_unknown_job_has_no_details,
            queues_are_counted_and_remembered,
            a_server_shows_what_it_runs,
            the_history_is_in_order,
        }
        $crate::storage_conformance! { @topic $storage, recurring:
            a_record_comes_back_as_it_was,
            a_change_that_does_not_know_of_an_earlier_one_changes_nothing,
            records_are_listed_by_id,
            records_are_found_by_id_and_by_kind,
            a_record_is_due_when_its_time_has_come,
            nothing_is_due_where_nothing_recurs,
            a_kind_is_left_to_those_who_know_it_for_a_while,
            a_removed_record_is_gone_with_its_history,
            a_changed_record_wakes_who_waits,
        }
        $crate::storage_conformance! { @topic $storage, recurring_steps:
            a_step_creates_the_job_and_moves_on,
            a_created_job_that_waits_for_what_has_ended_runs_at_once,
            a_plain_job_comes_from_nowhere,
            a_step_of_an_old_revision_changes_nothing,
            an_occurrence_whose_job_is_stored_is_not_created_again,
            a_job_that_stands_in_a_step_twice_is_created_once,
            a_step_whose_job_cannot_be_stored_changes_nothing,
            many_servers_create_each_occurrence_once,
            a_created_job_wakes_who_waits,
        }
        $crate::storage_conformance! { @topic $storage, recurring_history:
            the_history_tells_the_newest_first,
            the_history_keeps_what_became_of_expired_jobs,
            an_occurrence_whose_job_is_a_duplicate_is_skipped,
            old_history_is_forgotten_unless_its_job_is_stored,
            living_runs_are_told_where_they_must_not_overlap,
        }
        $crate::storage_conformance! { @topic $storage, recurring_jobs:
            adding_the_same_again_changes_nothing,
            a_new_definition_keeps_the_next_run_and_the_pause,
            a_paused_job_goes_on_with_the_next_occurrence,
            an_edit_stays_until_the_code_says_something_new,
            running_now_does_not_disturb_the_schedule,
            running_now_answers_who_holds_the_unique_key,
            an_id_that_nobody_could_type_is_refused,
            several_servers_run_each_occurrence_once_and_in_time,
        }
        $crate::storage_conformance! { @topic $storage, search:
            each_condition_finds_its_jobs_and_its_opposite_the_others,
            jobs_are_found_by_a_path_in_their_arguments,
            an_argument_is_found_however_its_json_is_written,
            arguments_that_are_no_json_do_not_stop_a_search,
            a_text_is_looked_for_letter_by_letter,
            pages_of_a_search_cover_every_match_once,
            matches_are_counted_up_to_a_limit,
        }
        $crate::storage_conformance! { @topic $storage, notes:
            the_newest_progress_is_kept,
            lines_are_read_in_order_and_in_parts,
            a_line_that_is_told_twice_is_kept_once,
            a_line_has_the_time_at_which_it_was_said,
            every_run_adds_to_the_log,
            only_who_holds_a_job_may_speak_for_it,
            what_was_said_is_removed_with_the_job,
            many_runs_speak_at_once,
        }
        $crate::storage_conformance! { @topic $storage, statistics:
            what_happens_to_jobs_is_counted_by_minute_hour_and_day,
            failures_that_are_alike_are_one_group,
            a_group_ends_with_its_last_failed_job,
            other_kinds_and_retries_are_other_matters,
            the_group_of_an_odd_error_is_found,
        }
        $crate::storage_conformance! { @topic $storage, operations:
            all_that_match_are_commanded_in_pieces,
            a_long_operation_is_carried_out_to_its_end,
            a_commanded_job_says_why,
            a_begun_operation_wakes_who_waits,
            an_operation_that_is_ordered_wakes_who_waits,
            jobs_that_change_after_it_began_are_left_alone,
            a_command_that_does_not_apply_is_counted_as_skipped,
            a_stopped_operation_does_nothing_more,
            every_state_can_be_commanded_at_once,
            two_servers_advance_an_operation_without_overlap,
        }
        $crate::storage_conformance! { @topic $storage, audit:
            an_ordered_job_is_stored_and_written_down,
            orders_to_queues_are_carried_out_and_written_down,
            a_limit_that_was_changed_meanwhile_is_left_as_it_is,
            of_those_who_saw_the_same_limit_one_alone_changes_it,
            orders_to_servers_are_carried_out_and_written_down,
            an_ordered_operation_begins_and_stops_and_is_written_down,
            orders_to_recurring_jobs_are_carried_out_and_written_down,
            an_order_that_changes_nothing_is_not_written_down,
            an_order_that_fails_is_not_written_down,
            a_resumed_queue_wakes_who_waits_for_it,
            what_was_done_is_read_newest_first,
        }
        $crate::storage_conformance! { @topic $storage, standing_by:
            what_is_claimed_at_once_is_as_any_claim,
            what_is_not_claimed_at_once_wakes_who_waits,
            a_paused_queue_gives_nothing_at_once,
            a_limit_holds_for_what_is_claimed_at_once,
            a_key_counts_for_what_is_claimed_at_once,
            what_waits_for_its_time_is_not_claimed_at_once,
            what_is_refused_is_not_claimed,
            who_no_longer_stands_by_gets_nothing,
        }
        $crate::storage_conformance! { @topic $storage, wake_ups:
            an_enqueued_job_wakes_who_waits,
            a_wake_up_before_the_wait_is_not_lost,
            everybody_who_waits_is_woken,
            an_announcement_wakes_who_waits,
            a_due_job_wakes_who_waits,
            a_requeued_job_wakes_who_waits,
            a_rescued_job_wakes_who_waits,
            a_resumed_queue_wakes_who_waits,
            who_holds_a_job_learns_of_its_deletion,
            who_holds_a_job_learns_of_its_requeue,
            who_is_taken_for_dead_learns_of_it,
        }
    };
    (@topic $storage:expr, $topic:ident: $($behaviour:ident),+ $(,)?) => {
        mod $topic {
            #[allow(unused_imports, reason = "the expression may name anything around the call")]
            use super::*;

            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $behaviour() {
                    let storage: $crate::storage::SharedStorage = $storage;
                    $crate::storage::conformance::$topic::$behaviour(storage).await;
                }
            )+
        }
    };
}
