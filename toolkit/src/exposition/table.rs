//! A program's metrics as one table that spells each name, and samples that follow the table.

use std::{collections::BTreeMap, fmt::Write, time::Duration};

use jiff::Timestamp;

use super::{Family, Kind};

/// The fixed properties of one metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Described {
    /// Name as exposed.
    pub name: &'static str,
    /// One line for people.
    pub help: &'static str,
    /// Gauge or counter.
    pub kind: Kind,
    /// Names of its labels, in the order in which values are given.
    pub labels: &'static [&'static str],
}

/// A row of a table made by [`metric_table`](crate::metric_table).
pub trait Row: Copy + Ord {
    /// The properties of the metric in this row.
    fn described(self) -> Described;
}

/// Makes the enum `Metric` of a program out of lines
/// `Variant, Kind, "name", [label, …], "Help.";`, in the order of the documentation.
///
/// ```
/// toolkit::metric_table! {
///     Up, Gauge, "backup_repository_up", [repository], "Whether the last survey was completed.";
/// }
///
/// let mut families = toolkit::exposition::Families::default();
/// families.put(Metric::Up, ["local"], 1.0);
/// let text = toolkit::exposition::render(families.finish())?;
/// assert!(text.ends_with("backup_repository_up{repository=\"local\"} 1\n"), "{text}");
/// # Ok::<(), toolkit::exposition::ExpositionError>(())
/// ```
#[macro_export]
macro_rules! metric_table {
    ($($variant:ident, $kind:ident, $name:literal, [$($label:ident),*], $help:literal;)+) => {
        /// One metric, in the order of the documentation.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Metric { $(#[doc = $help] $variant,)+ }

        impl Metric {
            /// Every metric.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Name as exposed.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// One line for people.
            pub const fn help(self) -> &'static str {
                match self { $(Self::$variant => $help,)+ }
            }

            /// Gauge or counter.
            pub const fn kind(self) -> $crate::exposition::Kind {
                match self { $(Self::$variant => $crate::exposition::Kind::$kind,)+ }
            }

            /// Names of its labels, in the order in which values are given.
            pub const fn labels(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$(stringify!($label)),*],)+ }
            }
        }

        impl $crate::exposition::Row for Metric {
            fn described(self) -> $crate::exposition::Described {
                $crate::exposition::Described {
                    name: self.name(),
                    help: self.help(),
                    kind: self.kind(),
                    labels: self.labels(),
                }
            }
        }
    };
}

/// Samples by metric; names of labels come from the table, and their values are borrowed.
#[derive(Debug)]
pub struct Families<'a, M>(BTreeMap<M, Family<'a>>);

impl<M> Default for Families<'_, M> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<'a, M: Row> Families<'a, M> {
    /// Adds one sample; `labels` are the values of its labels, in the order of the table.
    ///
    /// # Panics
    /// If there are not as many values as labels: a mistake of the program.
    pub fn put(&mut self, metric: M, labels: impl IntoIterator<Item = &'a str>, value: f64) {
        let family = self.0.entry(metric).or_insert_with(|| {
            let Described {
                name,
                help,
                kind,
                labels,
            } = metric.described();
            Family::new(name.into(), help.into(), kind, labels)
        });
        family.put(labels, value);
    }

    /// The families with samples, as [`render`](super::render) takes them.
    pub fn finish(self) -> Vec<Family<'a>> {
        self.0.into_values().collect()
    }
}

/// The table of `metrics` in Markdown, for a document that is generated.
pub fn markdown<M: Row>(metrics: &[M]) -> String {
    let mut text = String::from("| metric | kind | labels | meaning |\n|---|---|---|---|\n");
    for metric in metrics {
        let Described {
            name,
            help,
            kind,
            labels,
        } = metric.described();
        let labels: Vec<_> = labels.iter().map(|label| format!("`{label}`")).collect();
        let (kind, labels) = (kind.as_str(), labels.join(", "));
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| `{name}` | {kind} | {labels} | {help} |");
    }
    text
}

/// A condition as a value: 1 if it holds, else 0.
pub const fn flag(set: bool) -> f64 {
    if set { 1.0 } else { 0.0 }
}

/// A count as a value, exact up to 2^53.
#[allow(
    clippy::cast_precision_loss,
    reason = "Prometheus has only doubles: exact up to 2^53, 8 PiB"
)]
pub const fn number(count: u64) -> f64 {
    count as f64
}

/// A moment as a value: seconds since 1970, with their fraction.
pub fn seconds(at: Timestamp) -> f64 {
    at.as_duration().as_secs_f64()
}

/// A length of time as a value: seconds with their fraction.
pub fn length(duration: Duration) -> f64 {
    duration.as_secs_f64()
}

#[cfg(test)]
#[allow(unreachable_pub, reason = "a table is made for the whole program")]
mod tests {
    use super::*;

    crate::metric_table! {
        Plain, Gauge, "a_seconds", [], "A.";
        Labelled, Counter, "b_total", [kind, name], "B.";
    }

    #[test]
    fn samples_have_the_labels_of_the_table() {
        let mut families = Families::default();
        families.put(Metric::Labelled, ["k", "n"], number(3));
        families.put(Metric::Plain, [], flag(true));
        let text = crate::exposition::render(families.finish()).unwrap();
        assert!(
            text.contains("b_total{kind=\"k\",name=\"n\"} 3\n"),
            "{text}"
        );
        assert!(
            text.contains("# TYPE a_seconds gauge\na_seconds 1\n"),
            "{text}"
        );
    }

    #[test]
    fn the_table_is_written_in_its_own_order() {
        let rows =
            "| `a_seconds` | gauge |  | A. |\n| `b_total` | counter | `kind`, `name` | B. |\n";
        assert!(markdown(Metric::ALL).ends_with(rows));
    }
}
