//! Configuration from the application's variables.
//!
//! - [`variables`]: where variables come from, and the error of wrong ones.
//! - [`settings`]: reading variables one by one, collecting everything that is wrong.
//! - [`store`]: which database the variables choose.

pub mod settings;
pub mod store;
pub mod variables;

pub use settings::Settings;
pub use variables::{SettingsError, Variables};
