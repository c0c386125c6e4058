//! A price table from JSON. Reading is strict: anything unknown is a problem, and every problem is reported with its place.

use std::sync::Arc;

use serde_json::{Map, Value};
use thiserror::Error;

use crate::decimal;
use crate::line::{FACTOR_DECIMALS, Line, MAX_ID_CHARS, ServiceTier, StartDate};
use crate::pattern::Pattern;
use crate::prices::{Above, PRICE_DECIMALS, Prices, TieredPrices};
use crate::repeated;
use crate::table::Table;

/// The most lines of a table.
pub const MAX_LINES: usize = 5_000;
/// The highest price of a million tokens, in units of the currency.
pub const MAX_PRICE: u64 = 1_000_000_000;
/// The highest factor of a service tier.
pub const MAX_FACTOR: u64 = 1_000;
/// The version of an operator's lines when none is given.
const OWN_VERSION: &str = "own";
/// The most problems that are reported.
const MAX_PROBLEMS: usize = 20;
/// Most tiers by size of the input in a line, besides the lowest.
const MAX_TIERS: usize = 4;

/// What is wrong with a table.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{}", problems.join("; "))]
pub struct TableError {
    /// One text per problem, beginning with its place: `models[3].input: …`. At most twenty, and one that counts the
    /// others.
    pub problems: Vec<String>,
}

/// Reads a whole table: `version`, `currency`, `source` and `models`.
///
/// # Errors
///
/// Everything that is wrong with it.
pub fn table(text: &str) -> Result<Table, TableError> {
    let mut reader = Reader::default();
    let draft = reader.draft(text, &["version", "currency", "source", "models"]);
    for (key, value) in [("version", &draft.version), ("currency", &draft.currency)] {
        if value.is_none() {
            reader.problem(key, "it is missing");
        }
    }
    reader.finish()?;
    let Draft { version, currency, source, lines, .. } = draft;
    Ok(Table::new(version.unwrap_or_default(), currency.unwrap_or_default(), source, lines))
}

/// Reads an operator's table and merges it into `base`: a line replaces those for the same models and the same provider (for
/// all providers when it names none), and other lines are added. With `"replace":true` nothing of `base` is kept, and the
/// currency may differ.
///
/// # Errors
///
/// Everything that is wrong with it.
pub fn over(base: &Table, text: &str) -> Result<Table, TableError> {
    let mut reader = Reader::default();
    let draft = reader.draft(text, &["version", "currency", "source", "replace", "models"]);
    match &draft.currency {
        None if draft.replace => reader.problem("currency", "it is missing, which \"replace\": true needs"),
        Some(currency) if !draft.replace && currency != base.currency() => reader.problem(
            "currency",
            format!(
                "\"{currency}\" cannot be together with the default prices, which are in {}: add \"replace\": true",
                base.currency()
            ),
        ),
        _ => {}
    }
    reader.finish()?;
    let version = draft.version.unwrap_or_else(|| OWN_VERSION.to_owned());
    if draft.replace {
        return Ok(Table::new(version, draft.currency.unwrap_or_default(), draft.source, draft.lines));
    }
    let is_kept = |line: &&Line| !draft.lines.iter().any(|own| own.replaces(line));
    let kept: Vec<Line> = base.lines().iter().filter(is_kept).cloned().collect();
    // Of equals the first counts.
    let lines = draft.lines.into_iter().chain(kept).collect();
    let version = format!("{}+{version}", base.version());
    let source = [base.source(), &draft.source].into_iter().filter(|source| !source.is_empty());
    let source = source.collect::<Vec<_>>().join("; ");
    Ok(Table::new(version, base.currency().to_owned(), source, lines))
}

#[derive(Default)]
struct Draft {
    version: Option<String>,
    currency: Option<String>,
    source: String,
    replace: bool,
    lines: Vec<Line>,
}

#[derive(Default)]
struct Reader {
    problems: Vec<String>,
    /// The number of problems that are not reported.
    more: usize,
}

impl Reader {
    fn problem(&mut self, place: &str, what: impl AsRef<str>) {
        if self.problems.len() >= MAX_PROBLEMS {
            self.more += 1;
            return;
        }
        let what = what.as_ref();
        self.problems.push(if place.is_empty() { what.to_owned() } else { format!("{place}: {what}") });
    }

    fn finish(mut self) -> Result<(), TableError> {
        if self.more > 0 {
            self.problems.push(format!("and {} more", self.more));
        }
        if self.problems.is_empty() { Ok(()) } else { Err(TableError { problems: self.problems }) }
    }

    fn draft(&mut self, text: &str, keys: &[&str]) -> Draft {
        let mut draft = Draft::default();
        let value = match serde_json::from_str(text) {
            Ok(value) => value,
            Err(error) => {
                self.problem("", format!("it is no JSON: {error}"));
                return draft;
            }
        };
        for place in repeated::members(text) {
            self.problem(&place, "it is there twice");
        }
        let Some(map) = self.object("", &value, keys) else { return draft };
        let is_version = |text: &str| {
            (1..=20).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        let what = "at most 20 letters, digits, '-', '_' and '.'";
        draft.version = self.text("", map, "version", is_version, what);
        let is_currency = |text: &str| text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
        draft.currency = self.text("", map, "currency", is_currency, "a currency such as USD or CNY");
        let is_source = |text: &str| text.chars().count() <= 255;
        draft.source = self.text("", map, "source", is_source, "at most 255 characters").unwrap_or_default();
        draft.replace = match map.get("replace") {
            None => false,
            Some(Value::Bool(replace)) => *replace,
            Some(other) => {
                self.problem("replace", format!("{} is neither true nor false", shown(other)));
                false
            }
        };
        let version: Arc<str> = draft.version.as_deref().unwrap_or(OWN_VERSION).into();
        match map.get("models") {
            Some(Value::Array(lines)) if lines.len() <= MAX_LINES => {
                let read = |(index, line)| self.line(&format!("models[{index}]"), line, &version);
                draft.lines = lines.iter().enumerate().flat_map(read).collect();
                self.repeated(&draft.lines);
            }
            Some(Value::Array(_)) => self.problem("models", format!("there are more than {MAX_LINES}")),
            Some(other) => self.problem("models", format!("{} is no list", shown(other))),
            None => self.problem("models", "it is missing"),
        }
        draft
    }

    /// Reports two lines for the same calls, of which neither takes precedence.
    fn repeated(&mut self, lines: &[Line]) {
        let mut seen = std::collections::HashSet::new();
        for line in lines {
            let key = |text: &str| text.to_ascii_lowercase();
            let provider = line.provider.as_deref().map(key);
            if !seen.insert((key(line.pattern.as_str()), provider, line.from.as_ref())) {
                let pattern = line.pattern.as_str();
                self.problem(
                    "models",
                    format!("\"{pattern}\" is there twice for the same provider and date"),
                );
            }
        }
    }

    /// The lines of an entry, one for each name.
    fn line(&mut self, place: &str, value: &Value, version: &Arc<str>) -> Vec<Line> {
        let own_keys = ["match", "also", "provider", "from", "service_tiers"];
        let keys: Vec<&str> = own_keys.into_iter().chain(price_keys()).collect();
        let Some(map) = self.object(place, value, &keys) else { return Vec::new() };
        let is_name = |text: &str| {
            let chars = text.chars().count();
            (1..=MAX_ID_CHARS).contains(&chars) && text.trim() == text && !text.contains(char::is_control)
        };
        let what = "a name of at most 64 characters";
        if !map.contains_key("match") {
            self.problem(place, "match is missing");
        }
        let mut names: Vec<String> = self.text(place, map, "match", is_name, what).into_iter().collect();
        match map.get("also") {
            None => {}
            Some(Value::Array(also)) => {
                for (index, name) in also.iter().enumerate() {
                    match name {
                        Value::String(name) if is_name(name) => names.push(name.clone()),
                        other => self.problem(
                            &below(place, &format!("also[{index}]")),
                            format!("{} is not {what}", shown(other)),
                        ),
                    }
                }
            }
            Some(other) => self.problem(&below(place, "also"), format!("{} is no list", shown(other))),
        }
        let provider = self.text(place, map, "provider", is_name, what);
        let is_day = |text: &str| StartDate::read(text).is_some();
        let from = self.text(place, map, "from", is_day, "a day such as 2026-01-31");
        let prices = self.prices(place, map, 0);
        if !price_keys().any(|key| map.contains_key(key)) {
            self.problem(place, "there is no price");
        }
        let line = Line {
            version: Arc::clone(version),
            pattern: Pattern::new(""),
            provider,
            from: from.as_deref().and_then(StartDate::read),
            prices,
            service_tiers: self.service_tiers(place, map),
        };
        let lines: Vec<Line> =
            names.into_iter().map(|name| Line { pattern: Pattern::new(name), ..line.clone() }).collect();
        for id in lines.iter().map(Line::price_id) {
            let chars = id.chars().count();
            if chars > MAX_ID_CHARS {
                let what = "version and match are too long together";
                self.problem(place, format!("{what}: \"{id}\" has {chars} characters of {MAX_ID_CHARS}"));
            }
        }
        lines
    }

    fn prices(&mut self, place: &str, map: &Map<String, Value>, lower_bound: u64) -> TieredPrices {
        let mut prices = Prices::default();
        for (key, price) in prices.by_key_mut() {
            *price = self.decimal(place, map, key, PRICE_DECIMALS, MAX_PRICE);
        }
        TieredPrices { prices, above: self.above(place, map, lower_bound) }
    }

    fn above(&mut self, place: &str, map: &Map<String, Value>, lower_bound: u64) -> Option<Box<Above>> {
        let (bound, value) = match (map.get("above_input_tokens"), map.get("above")) {
            (None, None) => return None,
            (Some(bound), Some(value)) => (bound, value),
            _ => {
                self.problem(place, "above_input_tokens and above have to be there both");
                return None;
            }
        };
        let largest = gatelog_record::limits::MAX_NUMBER.unsigned_abs();
        let Some(input_tokens) = bound.as_u64().filter(|bound| *bound > lower_bound && *bound <= largest)
        else {
            let what = format!("{} is no whole number above {lower_bound} and up to {largest}", shown(bound));
            self.problem(&below(place, "above_input_tokens"), what);
            return None;
        };
        let place = below(place, "above");
        if place.matches("above").count() > MAX_TIERS {
            self.problem(&place, format!("there are more than {MAX_TIERS} tiers"));
            return None;
        }
        let keys: Vec<&str> = price_keys().collect();
        let map = self.object(&place, value, &keys)?;
        Some(Box::new(Above { input_tokens, prices: self.prices(&place, map, input_tokens) }))
    }

    fn service_tiers(&mut self, place: &str, map: &Map<String, Value>) -> Vec<(String, ServiceTier)> {
        let Some(value) = map.get("service_tiers") else { return Vec::new() };
        let place = below(place, "service_tiers");
        let Value::Object(tiers) = value else {
            self.problem(&place, format!("{} is no object", shown(value)));
            return Vec::new();
        };
        let read = |(name, tier): (&String, &Value)| {
            let place = below(&place, name);
            let keys: Vec<&str> = price_keys().chain(["factor"]).collect();
            let map = self.object(&place, tier, &keys)?;
            if !map.contains_key("factor") {
                let prices = self.prices(&place, map, 0);
                if map.is_empty() {
                    self.problem(&place, "there is neither a factor nor a price");
                }
                return Some((name.clone(), ServiceTier::Prices(prices)));
            }
            if map.len() > 1 {
                self.problem(&place, "there is a factor, so there may be no price");
            }
            let factor = self.decimal(&place, map, "factor", FACTOR_DECIMALS, MAX_FACTOR)?;
            Some((name.clone(), ServiceTier::Factor(factor)))
        };
        tiers.iter().filter_map(read).collect()
    }

    /// The value as an object with only these keys.
    fn object<'v>(&mut self, place: &str, value: &'v Value, keys: &[&str]) -> Option<&'v Map<String, Value>> {
        let Value::Object(map) = value else {
            self.problem(place, format!("{} is no object", shown(value)));
            return None;
        };
        for key in map.keys().filter(|key| !keys.contains(&key.as_str())) {
            self.problem(&below(place, key), format!("there is no such key: {} are known", keys.join(", ")));
        }
        Some(map)
    }

    fn text(
        &mut self,
        place: &str,
        map: &Map<String, Value>,
        key: &str,
        is_valid: impl Fn(&str) -> bool,
        what: &str,
    ) -> Option<String> {
        match map.get(key)? {
            Value::String(text) if is_valid(text) => Some(text.clone()),
            other => {
                self.problem(&below(place, key), format!("{} is not {what}", shown(other)));
                None
            }
        }
    }

    fn decimal(
        &mut self,
        place: &str,
        map: &Map<String, Value>,
        key: &str,
        decimals: usize,
        max: u64,
    ) -> Option<u64> {
        let value = map.get(key)?;
        let unit = u32::try_from(decimals).ok().and_then(|decimals| 10_u64.checked_pow(decimals))?;
        let read = value.as_str().and_then(|text| decimal::read(text, decimals));
        let read = read.filter(|value| *value <= max.saturating_mul(unit));
        if read.is_none() {
            let what = format!(
                "{} is no amount such as \"2.5\" in quotes, up to {max} and with at most {decimals} decimals",
                shown(value)
            );
            self.problem(&below(place, key), what);
        }
        read
    }
}

/// The keys of prices.
fn price_keys() -> impl Iterator<Item = &'static str> {
    let kinds = Prices::default().by_key().map(|(key, _)| key);
    kinds.into_iter().chain(["above_input_tokens", "above"])
}

fn below(place: &str, key: &str) -> String {
    let key: String = key.chars().take(64).collect();
    if place.is_empty() { key } else { format!("{place}.{key}") }
}

/// The beginning of a value, as JSON.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 48 { text } else { text.chars().take(48).chain(['…']).collect() }
}
