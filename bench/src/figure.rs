//! One measured figure with its target, as a line for people and programs.

use std::fmt;

/// `figure NAME VALUE UNIT target (<=|>=) VALUE ok|short`.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// What was measured, in words joined by dots.
    pub name: String,
    /// The median of the rounds.
    pub value: f64,
    /// Unit of value and target.
    pub unit: &'static str,
    /// The target.
    pub target: Target,
}

/// The bound that a figure is compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// Lower is better.
    AtMost(f64),
    /// Higher is better.
    AtLeast(f64),
}

impl Figure {
    /// Whether the target is met.
    pub fn is_met(&self) -> bool {
        match self.target {
            Target::AtMost(bound) => self.value <= bound,
            Target::AtLeast(bound) => self.value >= bound,
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, bound) = match self.target {
            Target::AtMost(bound) => ("<=", bound),
            Target::AtLeast(bound) => (">=", bound),
        };
        let verdict = if self.is_met() { "ok" } else { "short" };
        write!(f, "figure {} {:.2} {} target {sign} {bound} {verdict}", self.name, self.value, self.unit)
    }
}

/// The median: for an even number of values, the mean of the two in the middle. 0 when there are none.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match (sorted.len() % 2, sorted.get(middle), middle.checked_sub(1).and_then(|below| sorted.get(below))) {
        (1, Some(value), _) => *value,
        (0, Some(upper), Some(lower)) => f64::midpoint(*lower, *upper),
        _ => 0.0,
    }
}

/// The lower quartile, the median and the upper quartile: each between the two values that are nearest. 0 when there are
/// none.
pub fn quartiles(values: &[f64]) -> (f64, f64, f64) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let place = share * sorted.len().saturating_sub(1) as f64;
        let value = |index: f64| sorted.get(index as usize).copied().unwrap_or(0.0);
        value(place.floor()) + (value(place.ceil()) - value(place.floor())) * place.fract()
    };
    (at(0.25), at(0.5), at(0.75))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_says_whether_its_target_is_met() {
        let figure =
            |value, target| Figure { name: "filter.get.added_cpu".into(), value, unit: "us", target };
        assert_eq!(
            figure(20.0, Target::AtMost(25.0)).to_string(),
            "figure filter.get.added_cpu 20.00 us target <= 25 ok"
        );
        assert!(figure(0.79, Target::AtLeast(0.8)).to_string().ends_with(">= 0.8 short"));
    }

    #[test]
    fn quartiles_lie_between_the_nearest_values() {
        assert_eq!(quartiles(&[5.0, 1.0, 4.0, 2.0, 3.0]), (2.0, 3.0, 4.0));
        assert_eq!(quartiles(&[1.0, 2.0]), (1.25, 1.5, 1.75));
        assert_eq!(quartiles(&[]), (0.0, 0.0, 0.0));
    }

    #[test]
    fn the_median_is_the_middle_value() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(&[]), 0.0);
    }
}
