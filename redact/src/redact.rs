//! What is secret, and the redacted form of each kind of text.

use std::borrow::Cow;

use crate::pairs::{self, Kind};
use crate::secret_names::{self, Place};
use crate::{json_members, userinfo};

/// The replacement for a secret.
pub const REDACTED: &str = "REDACTED";

/// The secret names. The lists contain names in lower case; a name matches an entry when it has the same parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redact {
    /// `redact.defaults`: the names of [`secret_names`] are secret.
    pub defaults: bool,
    /// `redact.headers`: further headers that are secret.
    pub headers: Vec<String>,
    /// `redact.query`: further parameters and JSON members that are secret.
    pub query: Vec<String>,
    /// `redact.allow`: names that are not secret, whatever the defaults say.
    pub allow: Vec<String>,
}

impl Default for Redact {
    fn default() -> Self {
        Self { defaults: true, headers: Vec::new(), query: Vec::new(), allow: Vec::new() }
    }
}

impl Redact {
    /// The redacted value of a header; headers such as `location` and `referer` contain URLs.
    pub fn header<'v>(&self, name: &str, value: &'v str) -> Cow<'v, str> {
        if self.is_secret(name.as_bytes(), Place::Header) || (self.defaults && has_scheme(value)) {
            return Cow::Borrowed(REDACTED);
        }
        self.text(value)
    }

    /// A redacted path with its query.
    pub fn path<'p>(&self, path: &'p str) -> Cow<'p, str> {
        self.url(path, Kind::Url)
    }

    /// The redacted host of a request, which some clients prefix with a user.
    pub fn authority<'a>(&self, authority: &'a str) -> Cow<'a, str> {
        if self.defaults {
            userinfo::hide_in_authority(authority, REDACTED)
        } else {
            Cow::Borrowed(authority)
        }
    }

    /// A redacted text, which may contain JSON, forms and URLs.
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

/// True for a value with the credentials of an authentication scheme, whatever the header's name.
fn has_scheme(value: &str) -> bool {
    let scheme = value.trim_ascii_start().split_once(' ').map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| {
        ["bearer", "basic", "digest"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
    })
}

#[cfg(test)]
mod tests;
