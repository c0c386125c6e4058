//! Checks on the text of a script before it is compiled.

/// Most `..` in a script. One instruction joins all operands of a chain, and the memory bound is checked only after
/// it, so a chain can exceed the bound by a multiple.
const MAX_CONCATENATIONS: usize = 32;

/// Why a script is refused.
///
/// # Errors
///
/// A text for the operator.
pub fn check(code: &str) -> Result<(), String> {
    if code.starts_with('\u{1b}') {
        return Err("bytecode is not accepted".to_owned());
    }
    let count = concatenations(code.as_bytes());
    if count > MAX_CONCATENATIONS {
        return Err(format!(
            "has {count} concatenations (..), more than {MAX_CONCATENATIONS}: use table.concat"
        ));
    }
    Ok(())
}

/// The number of `..` in the code. Two dots within a text or a comment count as well, which errs on the safe side;
/// `...` does not count.
fn concatenations(code: &[u8]) -> usize {
    let mut count = 0;
    let mut dots = 0;
    for byte in code.iter().chain(b" ") {
        if *byte == b'.' {
            dots += 1;
        } else {
            // Except in `a.. ...`, three dots are an argument list, and four are `..` with a number's dot.
            count += usize::from(dots == 2 || dots > 3);
            dots = 0;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn concatenations_are_counted_and_argument_lists_are_not() {
        for (code, count) in [
            ("return a.b.c", 0),
            ("return a .. b..c", 2),
            ("local function f(...) return select('#', ...) end", 0),
            ("return 1 .. .5", 1),
            ("return a....5", 1),
        ] {
            assert_eq!(concatenations(code.as_bytes()), count, "{code}");
        }
    }

    #[test]
    fn bytecode_and_long_chains_are_refused() {
        assert!(check("\u{1b}LuaQ").unwrap_err().contains("bytecode"));
        assert!(check(&format!("return {}''", "'a' .. ".repeat(33))).unwrap_err().contains("table.concat"));
        assert_eq!(check(&format!("return {}''", "'a' .. ".repeat(32))), Ok(()));
    }
}
