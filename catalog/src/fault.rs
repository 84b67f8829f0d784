//! Named places where a test may kill, stop or fail the program, to prove that nothing is left
//! half.
//!
//! Without the feature `testing` a point is nothing at all; a release never contains one.

/// Passes always: without the feature `testing` no environment variable names a fault.
///
/// # Errors
///
/// Never.
#[cfg(not(feature = "testing"))]
#[inline]
#[expect(
    clippy::unnecessary_wraps,
    reason = "one signature with and without the feature"
)]
pub const fn point(_name: &str) -> std::io::Result<()> {
    Ok(())
}

/// Passes, unless `FAULT_POINT=name:abort|hang|pause|error` names this point. A pause lasts until
/// the file named by `FAULT_UNTIL` is there; when it begins, a file of this name with `.reached`
/// behind it is written.
///
/// # Errors
///
/// Only with `error`: an I/O error of kind `Other`.
#[cfg(feature = "testing")]
pub fn point(name: &str) -> std::io::Result<()> {
    let Ok(fault) = std::env::var("FAULT_POINT") else {
        return Ok(());
    };
    match fault.split_once(':') {
        Some((at, "abort")) if at == name => std::process::abort(),
        Some((at, "hang")) if at == name => loop {
            std::thread::park();
        },
        Some((at, "pause")) if at == name => {
            let until = std::env::var_os("FAULT_UNTIL").unwrap_or_default();
            let mut reached = until.clone();
            reached.push(".reached");
            std::fs::write(reached, "")?;
            while !std::path::Path::new(&until).exists() {
                std::thread::park_timeout(std::time::Duration::from_millis(10));
            }
            Ok(())
        }
        Some((at, "error")) if at == name => {
            Err(std::io::Error::other(format!("fault injected at {name}")))
        }
        _ => Ok(()),
    }
}
