//! Any bytes as a spec: an answer, and never a panic.
//!
//! ```sh
//! GENL_KERNEL_SOURCE=… schema/fuzz/seed    # makes the corpus, from the kernel tree's specs too
//! RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir schema/fuzz spec -- -max_len=16384 -timeout=25
//! ```

#![no_main]

use genl_schema::diag::Report;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = match genl_schema::text("fuzz.yaml", bytes.to_vec()) {
        Ok(text) => text,
        Err(report) => return show(&report),
    };
    let checked = genl_schema::check("fuzz.yaml", &text, &[]);
    assert_eq!(checked.family.is_none(), checked.report.has_errors());
    show(&checked.report);
    if let Err(report) = genl_schema::compile_for_kernel("fuzz.yaml", &text) {
        show(&report);
    }
    if let Ok(plain) = genl_schema::strip("fuzz.yaml", &text) {
        // What is stripped already stays as it is.
        assert_eq!(genl_schema::strip("fuzz.yaml", &plain), Ok(plain));
    }
});

fn show(report: &Report) {
    assert!(report.render(false).contains("fuzz.yaml: "));
}
