//! The tests of storage over its public interface: one program, because each links SQLite.

mod changed_underneath;
mod galera;
mod golden;
mod himarket;
mod himarket_parity;
mod inserts_at_once;
mod partitions_on_mysql;
mod plans;
mod plans_of_mysql;
mod query_golden;
mod reserved_words;
#[macro_use]
mod stories;
mod stories_on_galera;
mod stories_on_mysql;
mod stories_on_sqlite;
mod stories_on_turso;
mod tail_on_mysql;
mod upgrade;
