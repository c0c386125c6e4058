//! Configuration from the application's variables.
//!
//! - [`variables`]: where variables come from, and the error of wrong ones.
//! - [`reader`]: reading variables one by one, collecting everything that is wrong.
//! - [`store`]: which database the variables choose.

pub mod reader;
pub mod store;
pub mod variables;

pub use reader::VariableReader;
pub use variables::{Variables, VariablesError};
