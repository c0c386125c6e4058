//! The stories on libSQL.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]
#![expect(clippy::string_slice, clippy::indexing_slicing, reason = "texts and lists of known length")]

mod stories;

use gatelog_storage::driver::native::NativeSqlite;
use stories::{counters, pages, scenarios};

/// One test for each story.
macro_rules! stories {
    ($( $module:ident :: $story:ident )+) => {
        $(
            #[tokio::test(flavor = "current_thread")]
            async fn $story() {
                let folder = tempfile::tempdir().unwrap();
                let database = NativeSqlite::open(&folder.path().join("gatelog.db")).await.unwrap();
                $module::$story(&database).await;
            }
        )+
    };
}

stories! {
    counters::counts_of_all_instances_are_summed
    counters::reports_of_filters_are_summed_and_sums_never_go_down
    counters::a_turn_is_taken_by_one_and_comes_again
    counters::old_records_are_deleted_a_few_at_a_time
    pages::text_search_finds_what_ai_log_holds
    pages::pages_of_several_values_hold_each_record_once
    pages::batches_hold_no_more_bytes_than_asked_for
    pages::counts_end_after_as_many_records_as_may_be_looked_at
    pages::selected_fields_come_alone_and_in_order
    pages::distinct_values_come_once_and_in_order
    scenarios::every_scenario_answers_what_was_worked_out_by_hand
    scenarios::filters_intervals_and_limits_are_kept
    scenarios::percentiles_are_nearest_ranks
}
