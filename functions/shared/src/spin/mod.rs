//! The shell around the handlers under Spin: variables, the database, bodies, clocks, and random bytes.

mod database;
mod environment;
mod http;
mod variables;

pub use self::database::{Database, database, patient_database};
pub use self::environment::{SpinEnvironment, spawn};
pub use self::http::{ResponseBody, SpinBody, request, response};
pub use self::variables::SpinVariables;
