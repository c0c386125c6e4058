//! Without a bootstrap extension, the module pushes by a thread and connections of its own.

use std::collections::HashSet;

use gatelog_testbed::module_config::Module;

use crate::lifecycle::{patient, terminate_under_load};
use crate::site::Site;

fn module() -> Module {
    Module { has_bootstrap: false, ..Module::whole(&patient()) }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_arrive_and_their_metrics_show_in_envoy() {
    let site = Site::start(&module()).await;
    let ids: HashSet<String> = (0..250).map(|number| format!("own-{number}")).collect();
    for id in &ids {
        assert!(site.get(id).await);
    }
    site.await_ids(&ids, ids.len()).await;
    site.await_metric("gatelog_pushed", 250).await;
    assert_eq!(site.metric("gatelog_collected").await, 250);
    assert_eq!(site.metric("gatelog_queue_entries").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answered_request_is_stored_although_envoy_is_terminated_under_load() {
    terminate_under_load(Site::start(&module()).await).await;
}
