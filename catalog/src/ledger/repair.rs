//! Repairs of a chain: which break each is about, and how it is reported.

use settings::one_line;

use super::{Break, Ledger, Repair};

/// Most that a sentence quotes of a person's words, in characters.
const QUOTED_MAX: usize = 200;

impl Repair {
    /// True if the repair is about this break: the same record, with the same digest found there.
    /// Another change of the same record is another break.
    pub(super) fn is_of(&self, met: &Break) -> bool {
        self.first_break == met.sequence && self.found == met.found
    }

    /// Returns the repair as a sentence without a final stop, on one line and bounded: some of the
    /// words are a person's, not ours.
    fn sentence(&self) -> String {
        format!(
            "its evidence was repaired on {} by {}: {}",
            self.ended_at.strftime("%Y-%m-%d"),
            one_line(&self.by, QUOTED_MAX),
            one_line(&self.message, QUOTED_MAX)
        )
    }
}

impl Ledger {
    /// Returns a sentence for pages: the newest repair in words, and how many there were before;
    /// `None` where nothing was ever repaired.
    pub fn repaired(&self) -> Option<String> {
        let mut repairs = self.repairs().rev();
        let newest = repairs.next()?.repair.sentence();
        Some(match repairs.count() {
            0 => newest,
            1 => format!("{newest} (and once before)"),
            before => format!("{newest} (and {before} times before)"),
        })
    }
}
