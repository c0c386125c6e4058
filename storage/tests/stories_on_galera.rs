//! The stories on the nodes of a real Galera cluster, each on the next node.

#![expect(clippy::indexing_slicing, reason = "a cluster of another size fails the test")]
#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

use std::sync::atomic::{AtomicUsize, Ordering};

use gatelog_databases::Galera;
use gatelog_storage::driver::native_mysql::NativeMysql;

mod on_galera {
    use super::*;

    crate::stories::every_story! { database }

    async fn database() -> (NativeMysql, ()) {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let urls = Galera::shared().unwrap().database().unwrap();
        let node = NEXT.fetch_add(1, Ordering::Relaxed) % urls.len();
        (NativeMysql::open(&urls[node]).await.unwrap(), ())
    }
}
