//! The database of the functions, from the variables `store`, `sqlite_synchronous`, `mysql_url`, `mysql_dsn`,
//! `mysql_partitions`, `turso_url`, `turso_token` and `database_timeout_ms`. All functions read them here.

use std::fmt;
use std::time::Duration;

use gatelog_storage::Durability;
use gatelog_storage::schema::Partitioning;

use super::mysql_dsn;
use super::reader::VariableReader;
use super::variables::{Variables, VariablesError};

/// The database to use, and its time limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreConfig {
    /// The database.
    pub store: Store,
    /// Time limit of a statement, including the wait for a connection and for the schema.
    pub time_limit: Duration,
}

/// A kind of database and its address.
#[derive(Clone, PartialEq, Eq)]
pub enum Store {
    /// Spin's SQLite interface, under the label `default`.
    Libsql {
        /// The durability of a commit.
        durability: Durability,
    },
    /// Spin's MySQL interface.
    Mysql {
        /// `mysql://user:password@host:port/database`.
        url: String,
        /// How the table is divided if it has to be created, and whether maintenance looks after its partitions.
        partitioning: Partitioning,
    },
    /// Turso over HTTP.
    Turso {
        /// `https://…`.
        url: String,
        /// The database's token; empty for a server that requires none.
        token: String,
    },
}

impl StoreConfig {
    /// Default of the variable `database_timeout_ms`: less than the five seconds for which the filter waits for a
    /// response.
    pub const TIMEOUT_MS: usize = 4_000;

    /// Reads the variables.
    ///
    /// # Errors
    ///
    /// All problems, including variables that contradict each other.
    pub async fn read(variables: &impl Variables) -> Result<Self, VariablesError> {
        let mut settings = VariableReader::new(variables);
        let time_limit = Self::read_time_limit(&mut settings).await;
        let store = settings.text("store").await;
        let store = match store.as_str() {
            "" | "libsql" => {
                refuse_other_stores(&mut settings).await;
                Store::Libsql { durability: durability(&mut settings).await }
            }
            "mysql" => Store::Mysql {
                url: mysql_url(&mut settings).await,
                partitioning: Self::read_partitioning(&mut settings).await,
            },
            "turso" => Store::Turso {
                url: turso_url(&mut settings).await,
                token: settings.text("turso_token").await,
            },
            other => {
                settings.problem(format!("store: \"{other}\" is none of libsql, mysql, turso"));
                Store::Libsql { durability: Durability::Full }
            }
        };
        settings.finish(Self { store, time_limit })
    }

    /// Reads the variable `database_timeout_ms`, which also bounds a whole request to ingest.
    pub async fn read_time_limit(settings: &mut VariableReader<'_, impl Variables>) -> Duration {
        let timeout = settings.number("database_timeout_ms", Self::TIMEOUT_MS, 100..=600_000).await;
        Duration::from_millis(timeout as u64)
    }

    /// Reads the variable `mysql_partitions`, which also says what maintenance has to do.
    pub async fn read_partitioning(settings: &mut VariableReader<'_, impl Variables>) -> Partitioning {
        match settings.text("mysql_partitions").await.as_str() {
            "" | "none" => Partitioning::None,
            "day" => Partitioning::Day,
            other => {
                settings.problem(format!("mysql_partitions: \"{other}\" is none of none, day"));
                Partitioning::None
            }
        }
    }
}

/// Reports the address of a database server while records would go to libSQL, which is the default. Whoever gave it expects the
/// records there. Beside a server that was chosen by `store`, the address of another is no such mistake.
async fn refuse_other_stores(settings: &mut VariableReader<'_, impl Variables>) {
    for (name, store) in [("mysql_url", "mysql"), ("mysql_dsn", "mysql"), ("turso_url", "turso")] {
        let address = settings.text(name).await;
        let is_the_default = store == "turso" && is_no_turso(&address);
        if !address.is_empty() && !is_the_default {
            settings.problem(format!(
                "{name}: it is set, but store is libsql; set store to {store} or clear {name}"
            ));
        }
    }
}

/// Whether this is the manifest's default, which allows no real host.
fn is_no_turso(url: &str) -> bool {
    url.ends_with(".invalid")
}

async fn durability(settings: &mut VariableReader<'_, impl Variables>) -> Durability {
    match settings.text("sqlite_synchronous").await.as_str() {
        "" | "full" => Durability::Full,
        "normal" => Durability::Normal,
        other => {
            settings.problem(format!("sqlite_synchronous: \"{other}\" is none of full, normal"));
            Durability::Full
        }
    }
}

/// The URL of `mysql_url`, or of what `mysql_dsn` says in Go's form. Texts that may hold a password are not shown.
async fn mysql_url(settings: &mut VariableReader<'_, impl Variables>) -> String {
    let url = settings.text("mysql_url").await;
    let dsn = settings.text("mysql_dsn").await;
    let form = "mysql://user:password@host:3306/database";
    let problem = match (url.is_empty(), dsn.is_empty()) {
        (true, true) => format!("mysql_url: it is not set, and store is mysql; write {form}"),
        (false, false) => "mysql_dsn: it is set, and so is mysql_url; keep one of them".to_owned(),
        (true, false) => match mysql_dsn::to_url(&dsn) {
            Ok(url) => return url,
            Err(reason) => format!("mysql_dsn: {reason}"),
        },
        (false, true) if !has_scheme(&url, &["mysql"]) => {
            format!("mysql_url: it does not begin with mysql://; write {form}")
        }
        (false, true) if !names_database(&url) => format!("mysql_url: it names no database; write {form}"),
        (false, true) => return url,
    };
    settings.problem(problem);
    url
}

async fn turso_url(settings: &mut VariableReader<'_, impl Variables>) -> String {
    let url = settings.text("turso_url").await;
    let form = "https://database-organisation.turso.io";
    if url.is_empty() || is_no_turso(&url) {
        settings.problem(format!("turso_url: it is not set, and store is turso; write {form}"));
    } else if has_scheme(&url, &["libsql", "wss", "ws"]) {
        settings.problem(format!("turso_url: only https:// and http:// are supported; write {form}"));
    } else if !has_scheme(&url, &["https", "http"]) {
        settings.problem(format!("turso_url: it does not begin with https://; write {form}"));
    }
    url
}

fn has_scheme(url: &str, schemes: &[&str]) -> bool {
    url.split_once("://").is_some_and(|(scheme, rest)| schemes.contains(&scheme) && !rest.is_empty())
}

fn names_database(url: &str) -> bool {
    let path = url.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map(|(_, path)| path);
    path.and_then(|path| path.split('?').next()).is_some_and(|name| !name.is_empty())
}

impl fmt::Debug for Store {
    /// Without passwords and tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Libsql { .. } => "libsql",
            Self::Mysql { .. } => "mysql",
            Self::Turso { .. } => "turso",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn each_store_is_selected_by_name_and_libsql_by_default() {
        let read = |variables: [(&'static str, &'static str); 4]| async move {
            StoreConfig::read(&variables).await.unwrap()
        };
        let config = read([("store", ""), ("mysql_url", ""), ("turso_url", ""), ("turso_token", "")]).await;
        let libsql = |durability| StoreConfig {
            store: Store::Libsql { durability },
            time_limit: Duration::from_secs(4),
        };
        assert_eq!(config, libsql(Durability::Full));
        let config = read([("sqlite_synchronous", "normal"), ("a", ""), ("b", ""), ("c", "")]).await;
        assert_eq!(config, libsql(Durability::Normal));
        let url = "mysql://u:p@db:3306/gatelog";
        let mysql = |partitioning| StoreConfig {
            store: Store::Mysql { url: url.into(), partitioning },
            time_limit: Duration::from_millis(500),
        };
        let config =
            read([("store", "mysql"), ("mysql_url", url), ("database_timeout_ms", "500"), ("x", "")]).await;
        assert_eq!(config, mysql(Partitioning::None));
        let by_day = ("mysql_partitions", "day");
        let config =
            read([("store", "mysql"), ("mysql_url", url), ("database_timeout_ms", "500"), by_day]).await;
        assert_eq!(config, mysql(Partitioning::Day));
        let url = "https://a.turso.io";
        let config = read([("store", "turso"), ("turso_url", url), ("turso_token", " t "), ("x", "")]).await;
        assert_eq!(config.store, Store::Turso { url: url.into(), token: "t".into() });
    }

    #[tokio::test(flavor = "current_thread")]
    async fn contradictory_variables_are_reported_without_secrets() {
        for (store, url, expected) in [
            ("postgres", "", "store: \"postgres\" is none of libsql, mysql, turso"),
            ("libsql", "off", "sqlite_synchronous: \"off\" is none of full, normal"),
            ("mysql", "", "mysql_url: it is not set, and store is mysql"),
            ("mysql", "root:hunter2@db/gatelog", "mysql_url: it does not begin with mysql://"),
            ("mysql", "mysql://root:hunter2@db", "mysql_url: it names no database"),
            ("mysql", "week", "mysql_partitions: \"week\" is none of none, day"),
            ("turso", "https://turso.invalid", "turso_url: it is not set, and store is turso"),
            ("turso", "libsql://a.turso.io", "turso_url: only https:// and http:// are supported"),
            ("turso", "a.turso.io", "turso_url: it does not begin with https://"),
        ] {
            let variables = [
                ("store", store),
                ("mysql_url", url),
                ("mysql_partitions", if store == "mysql" && url == "week" { url } else { "" }),
                ("turso_url", url),
                ("sqlite_synchronous", url),
            ];
            let error = StoreConfig::read(&variables).await.unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn the_address_of_a_server_that_store_does_not_choose_is_refused_instead_of_records_going_to_libsql()
     {
        let read = |store, name, address| async move {
            StoreConfig::read(&[("store", store), (name, address)]).await.map_err(|error| error.problems)
        };
        for (name, address, wanted) in [
            ("mysql_dsn", "u:hunter2@tcp(db:3306)/gatelog", "mysql"),
            ("mysql_url", "mysql://u:hunter2@db:3306/gatelog", "mysql"),
            ("turso_url", "https://a.turso.io", "turso"),
        ] {
            for store in ["", "libsql"] {
                let expected =
                    format!("{name}: it is set, but store is libsql; set store to {wanted} or clear {name}");
                assert_eq!(read(store, name, address).await.unwrap_err(), [expected]);
            }
        }
        assert!(read("", "turso_url", "https://turso.invalid").await.is_ok());
        // Whoever chose a server may keep the address of another.
        let both =
            [("store", "turso"), ("turso_url", "https://a.turso.io"), ("mysql_dsn", "u:p@tcp(db)/gatelog")];
        assert!(StoreConfig::read(&both).await.is_ok());
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_dsn_of_go_stands_for_the_url_and_not_beside_it() {
        let dsn = "u:p@ss@tcp(db:3306)/gatelog?parseTime=True";
        let read = |url, dsn| async move {
            StoreConfig::read(&[("store", "mysql"), ("mysql_url", url), ("mysql_dsn", dsn)]).await
        };
        let url = "mysql://u:p%40ss@db:3306/gatelog";
        let expected = Store::Mysql { url: url.into(), partitioning: Partitioning::None };
        assert_eq!(read("", dsn).await.unwrap().store, expected);
        let both = read(url, dsn).await.unwrap_err();
        assert_eq!(both.problems, ["mysql_dsn: it is set, and so is mysql_url; keep one of them"]);
        let wrong = read("", "u:hunter2@db/gatelog").await.unwrap_err().to_string();
        assert!(wrong.contains("mysql_dsn: only tcp is supported") && !wrong.contains("hunter2"), "{wrong}");
    }
}
