//! The rule about licences: every dependency is available under a permissive one.

use spdx::{Expression, LicenseItem, LicenseReq, ParseMode};

use super::Finding;
use super::metadata::Metadata;

/// Licences that ask for no more than a notice.
const PERMISSIVE: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Checks the packages from elsewhere.
pub fn check(metadata: &Metadata) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in metadata.foreign() {
        let licence = package.license.as_deref().unwrap_or("no stated licence");
        if !is_permissive(licence) {
            let users: Vec<&str> = metadata.dependents(&package.id).map(|user| user.name.as_str()).collect();
            let what = format!(
                "{} {} (for {}) is under {licence}, which is not among the permissive licences",
                package.name,
                package.version,
                users.join(", ")
            );
            findings.push(Finding::new("Cargo.toml", 1, what, "use another crate"));
        }
    }
    findings
}

fn is_permissive(licence: &str) -> bool {
    Expression::parse_mode(licence, ParseMode::LAX).is_ok_and(|expression| expression.evaluate(is_listed))
}

/// Whether one licence is listed. An addition (`WITH`) only ever permits more.
fn is_listed(licence: &LicenseReq) -> bool {
    matches!(&licence.license, LicenseItem::Spdx { id, .. } if PERMISSIVE.contains(&id.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_permissive_alternative_is_enough_and_all_joined_parts_must_be() {
        for licence in [
            "MIT",
            "MIT/Apache-2.0",
            "GPL-3.0-only OR MIT",
            "Apache-2.0 WITH LLVM-exception",
            "(MIT OR ISC) AND Zlib",
        ] {
            assert!(is_permissive(licence), "{licence}");
        }
        for licence in
            ["MPL-2.0", "MPL-2.0+", "MIT AND GPL-3.0-only", "no stated licence", "Some-Own-Licence"]
        {
            assert!(!is_permissive(licence), "{licence}");
        }
    }
}
