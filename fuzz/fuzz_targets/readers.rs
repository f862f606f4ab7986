#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| pgyer_fuzz::readers(data));
