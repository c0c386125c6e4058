//! Bodies in the coding `deflate`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| gatelog_fuzz::check_coding("deflate", data));
