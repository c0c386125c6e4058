//! The configuration of a receiver, which may be wrong without keeping records from being stored.

use std::collections::HashMap;

use gatelog_forward::Guarantee;
use gatelog_forward::settings::{self, Settings};
use gatelog_functions_shared::{VariableReader, Variables};

/// What the variables say of one receiver.
#[derive(Debug)]
pub enum Setup<C> {
    /// Nothing is forwarded.
    Off {
        /// Variables of the receiver that are set nevertheless: whoever set them expects records.
        given: Vec<String>,
    },
    /// Records are forwarded.
    On(Box<C>),
    /// Records should be forwarded but cannot be. They are still stored.
    Wrong {
        /// One text for each problem, which begins with the variable or the place in a file.
        problems: Vec<String>,
        /// The guarantee that responses cannot give: the configured one, or the stronger one when the guarantee
        /// itself is wrong.
        guarantee: Guarantee,
    },
}

impl<C> Setup<C> {
    /// The message for the operator when the function starts. `prefix` precedes the names of the receiver's variables.
    pub fn warning(&self, prefix: &str) -> Option<String> {
        match self {
            Self::Off { given } if !given.is_empty() => Some(format!(
                "{prefix} is off although {} is set: set {prefix}_delivery to best_effort or at_least_once",
                given.join(", ")
            )),
            _ => None,
        }
    }
}

/// The texts of a receiver's settings.
pub(super) struct Texts {
    prefix: &'static str,
    settings: Settings,
    texts: HashMap<&'static str, String>,
    /// Problems with the variables so far.
    pub(super) problems: Vec<String>,
}

impl Texts {
    /// Reads the variables of the settings, which are named `prefix_setting`.
    pub(super) async fn read(variables: &impl Variables, prefix: &'static str, settings: Settings) -> Self {
        let mut reader = VariableReader::new(variables);
        let mut texts = HashMap::new();
        for (name, _) in settings {
            texts.insert(*name, reader.text(&format!("{prefix}_{name}")).await);
        }
        let problems = reader.finish(()).map_or_else(|error| error.problems, |()| Vec::new());
        Self { prefix, settings, texts, problems }
    }

    /// The text of a setting.
    pub(super) fn of(&self, name: &str) -> String {
        self.texts.get(name).cloned().unwrap_or_default()
    }

    /// Whether nothing is forwarded, as the settings were read. A problem with another variable matters only otherwise.
    pub(super) fn is_off<C, E>(&self, read: &Result<Option<C>, E>) -> bool {
        matches!(read, Ok(None)) && (self.problems.is_empty() || self.of("delivery") == "off")
    }

    /// The variables that are set.
    pub(super) fn given(&self) -> Vec<String> {
        let given = settings::given(self.settings, |name| self.of(name));
        given.into_iter().map(|name| format!("{}_{name}", self.prefix)).collect()
    }

    /// Adds problems with settings, named by the settings.
    pub(super) fn add(&mut self, problems: &[String]) {
        self.problems.extend(problems.iter().map(|problem| format!("{}_{problem}", self.prefix)));
    }

    /// What is wrong.
    pub(super) fn wrong<C>(self) -> Setup<C> {
        let guarantee = self.of("delivery").parse().unwrap_or(Guarantee::AtLeastOnce);
        Setup::Wrong { problems: self.problems, guarantee }
    }
}
