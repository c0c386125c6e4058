//! Secrets taken out of what is recorded: of paths, of captured headers and of captured bodies.
//!
//! - [`secret_names`]: which names are those of secrets.
//! - [`pairs`]: `name=value`, in URLs, forms and texts.
//! - [`json_members`]: members of JSON objects.
//! - [`userinfo`]: users and passwords before the host of a URL.

use std::borrow::Cow;

use super::pairs::{self, Kind};
use super::secret_names::{self, Place};
use super::{json_members, userinfo};

/// What stands in place of a secret.
pub const REDACTED: &str = "REDACTED";

/// Which names are secret. The lists hold names in lower case; a name is one of a list when it has the same parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redact {
    /// `redact.defaults`: the names of [`secret_names`] are secret.
    pub defaults: bool,
    /// `redact.headers`: headers that are secret, too.
    pub headers: Vec<String>,
    /// `redact.query`: parameters and members of JSON that are secret, too.
    pub query: Vec<String>,
    /// `redact.allow`: names that are not, whatever the defaults say.
    pub allow: Vec<String>,
}

impl Default for Redact {
    fn default() -> Self {
        Self { defaults: true, headers: Vec::new(), query: Vec::new(), allow: Vec::new() }
    }
}

impl Redact {
    /// The value of a header as it may be recorded: headers such as `location` and `referer` hold URLs.
    pub fn header<'v>(&self, name: &str, value: &'v str) -> Cow<'v, str> {
        if self.is_secret(name.as_bytes(), Place::Header) || (self.defaults && has_scheme(value)) {
            return Cow::Borrowed(REDACTED);
        }
        self.text(value)
    }

    /// A path with its query as it may be recorded.
    pub fn path<'p>(&self, path: &'p str) -> Cow<'p, str> {
        self.url(path, Kind::Url)
    }

    /// The host that a request names, which some clients precede with a user.
    pub fn authority<'a>(&self, authority: &'a str) -> Cow<'a, str> {
        if self.defaults {
            userinfo::hide_in_authority(authority, REDACTED)
        } else {
            Cow::Borrowed(authority)
        }
    }

    /// A text as it may be recorded, in which JSON, forms and URLs may stand.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let is_secret = |name: &str| self.is_secret(name.as_bytes(), Place::Member);
        let without_members = json_members::hide(text, REDACTED, &is_secret);
        match &without_members {
            Cow::Borrowed(text) => self.url(text, Kind::Text),
            Cow::Owned(text) => Cow::Owned(self.url(text, Kind::Text).into_owned()),
        }
    }

    fn url<'t>(&self, text: &'t str, kind: Kind) -> Cow<'t, str> {
        let is_secret = |name: &[u8]| self.is_secret(name, Place::Parameter);
        let without_pairs = pairs::hide(text, kind, REDACTED, is_secret);
        if !self.defaults {
            return without_pairs;
        }
        match &without_pairs {
            Cow::Borrowed(text) => userinfo::hide(text, REDACTED),
            Cow::Owned(text) => Cow::Owned(userinfo::hide(text, REDACTED).into_owned()),
        }
    }

    fn is_secret(&self, name: &[u8], place: Place) -> bool {
        let is_in = |list: &[String]| list.iter().any(|each| secret_names::is_same(name, each.as_bytes()));
        let own = if place == Place::Header { &self.headers } else { &self.query };
        is_in(own) || (self.defaults && secret_names::is_secret(name, place) && !is_in(&self.allow))
    }
}

/// True for the credentials of a scheme in a header of any name.
fn has_scheme(value: &str) -> bool {
    let scheme = value.trim_ascii_start().split_once(' ').map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| {
        ["bearer", "basic", "digest"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
    })
}

#[cfg(test)]
mod tests;
