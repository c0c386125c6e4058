//! How much is measured.

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Rows of the table.
    pub rows: u64,
    /// Requests for each figure of a page.
    pub requests: u32,
    /// Requests for each scenario.
    pub scenario_rounds: u32,
    /// Records of an export.
    pub exported: u32,
    /// Times that the dashboard is loaded, for each range.
    pub loads: u32,
    /// Records that are stored one by one and waited for.
    pub tailed: u32,
}

impl Effort {
    /// The figures that are published.
    pub const FULL: Self =
        Self { rows: 10_000_000, requests: 200, scenario_rounds: 5, exported: 500_000, loads: 5, tailed: 20 };
    /// A quick look.
    pub const QUICK: Self =
        Self { rows: 200_000, requests: 40, scenario_rounds: 3, exported: 50_000, loads: 2, tailed: 10 };
}
