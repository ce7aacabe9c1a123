//! SIGINT, SIGTERM and SIGHUP while files are being written: noted, so that the run can undo what it did and then end as
//! the signal demands. At any other time they end the process at once, as they would without this module.
//!
//! `signal-hook` and not `ctrlc`: its handlers only set a flag, so no second thread ends the process in the middle of a
//! rename, and it can do what the system would have done, so that a shell still sees a command that a signal ended.

#[cfg(unix)]
pub use unix::follow;
#[cfg(unix)]
pub(super) use unix::{hold, stopped};

/// While one of these lives, a signal is noted instead of ending the process.
#[derive(Debug)]
pub(super) struct Hold(());

#[cfg(unix)]
mod unix {
    use super::Hold;
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::{flag, low_level};
    use std::sync::Once;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    /// The signals, with their names and the number they are noted as.
    const SIGNALS: [(i32, &str, usize); 3] = [(SIGINT, "SIGINT", 1), (SIGTERM, "SIGTERM", 2), (SIGHUP, "SIGHUP", 3)];

    /// How many holds there are.
    static HOLDS: AtomicUsize = AtomicUsize::new(0);
    /// True while there is none.
    static AT_REST: AtomicBool = AtomicBool::new(true);
    /// The signal that was noted last; 0 for none.
    static NOTED: AtomicUsize = AtomicUsize::new(0);
    static START: Once = Once::new();

    /// Begins to note signals.
    pub(in super::super) fn hold() -> Hold {
        START.call_once(|| {
            for (signal, _, number) in SIGNALS.into_iter().filter(|(signal, ..)| !is_ignored(*signal)) {
                // In this order: at rest the first handler ends the process, so that the second notes nothing. Where
                // the system refuses a handler, the signal ends the process, and the next start undoes the run.
                let _ = flag::register_conditional_default(signal, &AT_REST)
                    .and_then(|_| flag::register_usize(signal, &NOTED, number));
            }
        });
        HOLDS.fetch_add(1, Ordering::SeqCst);
        AT_REST.store(false, Ordering::SeqCst);
        Hold(())
    }

    impl Drop for Hold {
        fn drop(&mut self) {
            if HOLDS.fetch_sub(1, Ordering::SeqCst) == 1 {
                AT_REST.store(true, Ordering::SeqCst);
            }
        }
    }

    /// The name of the signal that was noted, if there was one.
    pub(in super::super) fn stopped() -> Option<&'static str> {
        noted().map(|(_, name, _)| name)
    }

    /// Ends the process as the noted signal demands. Called when everything is said; returns when there was none.
    pub fn follow() {
        if let Some((signal, ..)) = noted() {
            // It fails for signals it does not know only.
            let _ = low_level::emulate_default_handler(signal);
        }
    }

    fn noted() -> Option<(i32, &'static str, usize)> {
        let number = NOTED.load(Ordering::SeqCst);
        SIGNALS.into_iter().find(|(.., known)| *known == number)
    }

    /// True for a signal that whoever started meshlift wants ignored (`nohup`, a job in the background of a script).
    /// Known on Linux only.
    fn is_ignored(signal: i32) -> bool {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
        mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
    }
}

/// Elsewhere a signal ends the process, and the next start undoes the run.
#[cfg(not(unix))]
pub(super) fn hold() -> Hold {
    Hold(())
}

#[cfg(not(unix))]
pub(super) fn stopped() -> Option<&'static str> {
    None
}

/// Ends the process as the noted signal demands.
#[cfg(not(unix))]
pub fn follow() {}
