//! Exit codes, and which one wins when there are several outcomes.

use std::process::ExitCode;

/// How a command ended. Ordered: the greater one wins, 2 > 1 > 3 > 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exit {
    /// 0: all is well.
    #[default]
    Fine,
    /// 3: could not tell.
    Unknown,
    /// 1: something was shown to be wrong.
    Failed,
    /// 2: wrong usage or configuration; nothing was tried.
    Usage,
}

impl Exit {
    /// The number the shell sees.
    pub const fn code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Unknown => 3,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_urgent_outcome_wins() {
        let worst = |outcomes: &[Exit]| outcomes.iter().max().copied().unwrap_or_default().code();
        assert_eq!(worst(&[]), 0);
        assert_eq!(worst(&[Exit::Fine, Exit::Unknown]), 3);
        assert_eq!(worst(&[Exit::Unknown, Exit::Failed, Exit::Fine]), 1);
        assert_eq!(worst(&[Exit::Failed, Exit::Usage, Exit::Unknown]), 2);
    }
}
