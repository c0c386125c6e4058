//! Stories that every database has to pass with the same assertions: each takes an empty database with its schema.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]
#![expect(clippy::panic, reason = "a wrong shape fails the test")]
#![expect(clippy::string_slice, clippy::indexing_slicing, reason = "texts and lists of known length")]

pub mod aggregates;
pub mod comings;
pub mod counters;
pub mod pages;
pub mod records;
pub mod scenarios;
pub mod texts;

/// One test for each story. `$start` answers a database and what has to live as long as it.
macro_rules! every_story {
    ($start:path) => {
        $crate::stories::every_story! { $start:
            records::a_record_of_the_go_plugin_comes_back_as_it_was
            records::a_record_id_is_stored_once
            records::a_batch_with_more_values_than_placeholders_is_stored_in_one_statement
            records::every_field_is_kept_at_its_limit
            records::filters_choose_records
            records::pages_by_offset_and_by_cursor_hold_every_record_once_even_at_equal_times
            records::every_field_can_be_sorted_by
            records::a_failing_statement_is_an_error_that_says_why
            counters::counts_of_all_instances_are_summed
            counters::reports_of_filters_are_summed_and_sums_never_go_down
            counters::reports_of_anybody_are_bounded_and_fade
            counters::counts_and_reports_of_any_size_are_summed
            counters::a_turn_is_taken_by_one_and_comes_again
            counters::old_records_are_deleted_a_few_at_a_time
            pages::text_search_finds_what_ai_log_holds
            pages::pages_of_several_values_hold_each_record_once
            pages::batches_hold_no_more_bytes_than_asked_for
            pages::counts_end_after_as_many_records_as_may_be_looked_at
            pages::selected_fields_come_alone_and_in_order
            pages::distinct_values_come_once_and_in_order
            texts::texts_are_equal_when_their_bytes_are
            texts::searches_and_prefixes_take_small_letters_for_large_ones
            scenarios::every_scenario_answers_what_was_worked_out_by_hand
            scenarios::filters_intervals_and_limits_are_kept
            scenarios::percentiles_are_nearest_ranks
            scenarios::counts_of_any_size_are_summed
            scenarios::a_question_in_parts_has_the_answer_of_the_whole
            aggregates::every_measure_of_every_group_and_interval_is_that_of_its_records
            aggregates::groups_are_ranked_by_every_order
            aggregates::clients_are_grouped_by_their_hosts
            aggregates::no_more_records_are_looked_at_than_may_be
            comings::records_come_once_in_the_order_in_which_they_were_stored
            comings::a_look_holds_no_more_bytes_than_asked_for
            comings::a_place_behind_a_table_that_counts_anew_begins_anew
            comings::sessions_are_listed_by_their_last_call_and_paged
        }
    };
    ($start:path: $( $module:ident :: $story:ident )+) => {
        $(
            #[tokio::test(flavor = "current_thread")]
            async fn $story() {
                let (database, _lives_on) = $start().await;
                $crate::stories::$module::$story(&database).await;
            }
        )+
    };
}
pub(crate) use every_story;
