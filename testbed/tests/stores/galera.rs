//! The functions on a real Galera cluster of three MariaDBs: the story on one node, three instances on three nodes at once,
//! and a node that crashes under load and comes back.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures::future::{join, join_all};
use gatelog_databases::Galera;
use serde_json::json;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Duration, Instant, sleep};

use crate::story;
use crate::support::{Stored, numbered};

/// How long an event may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// The cluster, for one test at a time: one of them changes its nodes.
async fn cluster() -> (&'static Galera, MutexGuard<'static, ()>) {
    static ONE: Mutex<()> = Mutex::const_new(());
    let turn = ONE.lock().await;
    (Galera::shared().unwrap(), turn)
}

/// Functions for each node, all over the same database.
async fn on_each_node(cluster: &Galera) -> (Vec<Stored>, String) {
    let urls = cluster.database().unwrap();
    let mut instances = Vec::new();
    for (url, node) in urls.iter().zip(cluster.nodes()) {
        instances.push(Stored::in_mysql_at(url, &format!("127.0.0.1:{}", node.port()), &[]).await);
    }
    let name = urls[0].rsplit('/').next().unwrap().to_owned();
    (instances, name)
}

/// What each node answers once it has everything that the others have committed.
fn on_all_nodes(cluster: &Galera, database: &str, question: &str) -> Vec<String> {
    let question = format!("SET SESSION wsrep_sync_wait = 1; USE {database}; {question}");
    cluster.nodes().iter().map(|node| node.sql(&question).unwrap().trim().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_on_galera() {
    let (cluster, _turn) = cluster().await;
    let url = &cluster.database().unwrap()[1];
    let stored = Stored::in_mysql_at(url, &format!("127.0.0.1:{}", cluster.nodes()[1].port()), &[]).await;
    story::tell(&stored).await;
}

/// The instances get the same records at the same time, as from filters whose collector has several addresses, and others
/// besides. Each is new to one of them.
#[tokio::test(flavor = "multi_thread")]
async fn three_instances_on_three_nodes_at_once_store_the_same_and_other_records_once() {
    const ROUNDS: usize = 25;
    const SHARED: usize = 20;
    let (cluster, _turn) = cluster().await;
    let (instances, database) = on_each_node(cluster).await;
    let mut accepted = 0;
    for round in 0..ROUNDS {
        let shared = &numbered(round * SHARED..(round + 1) * SHARED);
        let pushes = instances.iter().enumerate().map(|(instance, stored)| {
            let own = 10_000 * (instance + 1) + round * SHARED;
            let own = numbered(own..own + SHARED);
            async move { join(stored.store(shared), stored.store(&own)).await }
        });
        for ((of_shared, _), (of_own, duplicates)) in join_all(pushes).await {
            assert_eq!((of_own, duplicates), (SHARED as u64, 0), "nobody else pushes these");
            accepted += of_shared;
        }
    }
    assert_eq!(accepted, (ROUNDS * SHARED) as u64, "each shared record is new to one instance");
    let all = ROUNDS * SHARED * (1 + instances.len());
    for counts in
        on_all_nodes(cluster, &database, "SELECT COUNT(*), COUNT(DISTINCT record_id) FROM access_logs")
    {
        assert_eq!(counts, format!("{all}\t{all}"));
    }
    // Counted by three instances, in the same rows.
    let count = "SELECT SUM(value) FROM gatelog_counters WHERE name LIKE '%records_total%accepted%'";
    let began = Instant::now();
    while on_all_nodes(cluster, &database, count).iter().any(|sum| *sum != all.to_string()) {
        assert!(
            began.elapsed() < PATIENCE,
            "{:?}",
            on_all_nodes(cluster, &database, "SELECT * FROM gatelog_counters")
        );
        sleep(Duration::from_millis(200)).await;
    }
}

/// The others wait a few seconds until they agree that it is gone, so that some pushes get 503 and are sent again.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_crashes_under_load_and_rejoins_costs_no_acknowledged_record_and_doubles_none() {
    const PUSHERS: usize = 2;
    const RECORDS: usize = 5;
    let (cluster, _turn) = cluster().await;
    let (instances, database) = on_each_node(cluster).await;
    let instances = &instances;
    let (next, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let acknowledged: Vec<AtomicUsize> = instances.iter().map(|_| AtomicUsize::new(0)).collect();
    let refused = AtomicUsize::new(0);
    let push = async |instance: usize| {
        while !is_over.load(Ordering::Relaxed) {
            let first = next.fetch_add(RECORDS, Ordering::Relaxed);
            let again = push_until_acknowledged(&instances[instance], first..first + RECORDS).await;
            refused.fetch_add(again, Ordering::Relaxed);
            acknowledged[instance].fetch_add(RECORDS, Ordering::Relaxed);
        }
    };
    let done = |instance: usize| acknowledged[instance].load(Ordering::Relaxed);
    let others_have_stored = async |more: usize| {
        let before = [done(0), done(1)];
        await_that(|| done(0) >= before[0] + more && done(1) >= before[1] + more).await;
    };
    let crash = async {
        await_that(|| (0..3).all(|instance| done(instance) >= 20 * RECORDS)).await;
        cluster.nodes()[2].kill().unwrap();
        others_have_stored(20 * RECORDS).await;
        // Pushes go on meanwhile.
        tokio::task::spawn_blocking(move || cluster.nodes()[2].start_again().unwrap()).await.unwrap();
        let before = done(2);
        await_that(|| done(2) >= before + 20 * RECORDS).await;
        others_have_stored(20 * RECORDS).await;
        is_over.store(true, Ordering::Relaxed);
    };
    let pushes = join_all((0..instances.len() * PUSHERS).map(|pusher| push(pusher % instances.len())));
    join(pushes, crash).await;
    assert!(refused.load(Ordering::Relaxed) > 0, "the crash was not noticed");
    let all: usize = (0..instances.len()).map(done).sum();
    assert_eq!(all, next.load(Ordering::Relaxed));
    let counts = "SELECT COUNT(*), COUNT(DISTINCT record_id), MIN(duration), MAX(duration) FROM access_logs";
    for counts in on_all_nodes(cluster, &database, counts) {
        assert_eq!(counts, format!("{all}\t{all}\t0\t{}", all - 1));
    }
    let size = "SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'wsrep_cluster_size'";
    assert_eq!(on_all_nodes(cluster, &database, size), ["3", "3", "3"]);
}

/// Sends records like the filter, again and again until they are acknowledged, and returns how often they were not.
async fn push_until_acknowledged(stored: &Stored, numbers: Range<usize>) -> usize {
    let records = numbered(numbers);
    let began = Instant::now();
    let mut refused = 0;
    loop {
        let answer = stored.post(&records).await;
        if answer.status() == 200 {
            assert_eq!(answer.body()["rejected"], json!([]));
            return refused;
        }
        assert_eq!(answer.status(), 503, "{}\n{}", answer.body(), stored.functions.log());
        assert!(began.elapsed() < PATIENCE, "it does not recover:\n{}", stored.functions.log());
        refused += 1;
        sleep(Duration::from_millis(100)).await;
    }
}

async fn await_that(mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "it does not come to be");
        sleep(Duration::from_millis(20)).await;
    }
}
