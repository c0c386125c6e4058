//! Pushes of new records from `wrk`, and a check that they are stored.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use gatelog_storage::driver::native::NativeSqlite;
use gatelog_storage::driver::native_mysql::NativeMysql;
use gatelog_storage::query::records;

use crate::traffic::TEMPLATE;
use crate::wrk::run_script;

/// The distance between the first ids of two runs.
const IDS_OF_A_RUN: u64 = 1 << 32;

/// The database, seen from outside the functions.
#[derive(Debug)]
pub enum Store {
    /// A libSQL file.
    Libsql(NativeSqlite),
    /// A database of a MariaDB server.
    Mysql(NativeMysql),
}

impl Store {
    /// The libSQL database in this file.
    ///
    /// # Errors
    ///
    /// When it cannot be opened.
    pub async fn libsql(file: &Path) -> anyhow::Result<Self> {
        Ok(Self::Libsql(NativeSqlite::open(file).await?))
    }

    /// The MySQL database at this URL.
    ///
    /// # Errors
    ///
    /// When it cannot be reached.
    pub async fn mysql(url: &str) -> anyhow::Result<Self> {
        Ok(Self::Mysql(NativeMysql::open(url).await?))
    }

    /// Records in it.
    ///
    /// # Errors
    ///
    /// The database's.
    pub async fn count(&self) -> anyhow::Result<u64> {
        match self {
            Self::Libsql(database) => Ok(records::count(database, &[]).await?),
            Self::Mysql(database) => Ok(records::count(database, &[]).await?),
        }
    }
}

/// Pushes records; each run pushes new ones.
#[derive(Debug)]
pub struct Pusher {
    address: SocketAddr,
    store: Store,
    records: u64,
    connections: u32,
    /// Of the run before.
    connections_before: u32,
    runs: u64,
}

impl Pusher {
    /// Pushes `records` at once from each of `connections` to the functions at `address`, which store in `store`.
    pub fn new(address: SocketAddr, store: Store, records: u64, connections: u32) -> Self {
        Self { address, store, records, connections, connections_before: connections, runs: 0 }
    }

    /// Pushes over so many connections from now on.
    pub fn set_connections(&mut self, connections: u32) {
        self.connections = connections;
    }

    /// Pushes for `duration` and returns the records per second that were stored and acknowledged.
    ///
    /// # Errors
    ///
    /// When a push fails, or not every acknowledged record is stored.
    pub async fn push(&mut self, duration: Duration) -> anyhow::Result<f64> {
        let before = self.store.count().await?;
        let script = self.script();
        self.runs += 1;
        let sent = run_script(&script, self.address, "/ingest", self.connections, duration).await?;
        let acknowledged = sent.requests * self.records;
        let stored = self.store.count().await? - before;
        // wrk ends with pushes under way: they are stored, but wrk does not count them; those of the run before may come
        // to the database only now.
        let under_way = u64::from(self.connections + self.connections_before) * self.records;
        self.connections_before = self.connections;
        let most = acknowledged + under_way;
        anyhow::ensure!(
            (acknowledged..=most).contains(&stored),
            "{acknowledged} records were acknowledged and {stored} are stored"
        );
        Ok(sent.per_second * self.records as f64)
    }

    /// A wrk script whose every request holds new records: one object, or an array.
    fn script(&self) -> String {
        let first = self.runs * IDS_OF_A_RUN;
        let (open, close) = if self.records == 1 { ("", "") } else { ("[", "]") };
        format!(
            r#"
local template = [=[{TEMPLATE}]=]
local id, records = {first}, {records}
local parts = {{}}
local pieces, names, from = {{}}, {{}}, 1
while true do
  local s, e, name = template:find("{{(%l+)}}", from)
  if not s then break end
  pieces[#pieces + 1] = template:sub(from, s - 1)
  names[#names + 1] = name
  from = e + 1
end
local last = template:sub(from)
request = function()
  local n = 0
  for record = 1, records do
    id = id + 1
    local hex = string.format("%012x", id)
    local ms = id % 3600000
    local time = string.format("%02d:%02d.%03d", math.floor(ms / 60000), math.floor(ms / 1000) % 60, ms % 1000)
    if record > 1 then n = n + 1; parts[n] = "," end
    for i = 1, #pieces do
      parts[n + 1] = pieces[i]
      local name = names[i]
      parts[n + 2] = name == "id" and hex or name == "time" and time or id % 20 == 0 and "503" or "200"
      n = n + 2
    end
    n = n + 1
    parts[n] = last
  end
  return wrk.format("POST", nil, nil, "{open}" .. table.concat(parts, "", 1, n) .. "{close}")
end
wrk.headers["content-type"] = "application/json"
"#,
            records = self.records,
        )
    }
}
