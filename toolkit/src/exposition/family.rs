//! All series of one metric, as values.

use std::{borrow::Cow, cmp::Ordering, ptr};

use super::Kind;

/// All series of one name. All have the same labels; a series is a value for each label, and its
/// value now.
#[derive(Debug, Clone, PartialEq)]
pub struct Family<'a> {
    /// Name of the metric, `[a-zA-Z_:][a-zA-Z0-9_:]*`.
    pub name: Cow<'static, str>,
    /// One line for people.
    pub help: Cow<'static, str>,
    /// Gauge or counter.
    pub kind: Kind,
    /// Names of the labels, sorted.
    labels: Vec<&'static str>,
    /// Where the values of a caller's labels, in the caller's order, are among the sorted ones.
    places: Vec<usize>,
    /// Values of the labels: one row for each series, in the order of `labels`.
    rows: Vec<&'a str>,
    /// Value of each series.
    values: Vec<f64>,
}

impl<'a> Family<'a> {
    /// A family without series. A series has one value for each of `labels`, in their order.
    pub fn new(
        name: Cow<'static, str>,
        help: Cow<'static, str>,
        kind: Kind,
        labels: &[&'static str],
    ) -> Self {
        let mut order: Vec<usize> = (0..labels.len()).collect();
        order.sort_by_key(|&index| labels[index]);
        let mut places = vec![0; labels.len()];
        for (place, &index) in order.iter().enumerate() {
            places[index] = place;
        }
        Self {
            name,
            help,
            kind,
            labels: order.iter().map(|&index| labels[index]).collect(),
            places,
            rows: Vec::new(),
            values: Vec::new(),
        }
    }

    /// Adds one series; `labels` are the values of the labels, in the order in which their names
    /// were given. Series come in any order.
    ///
    /// # Panics
    /// If there are not as many values as labels: a mistake of the program.
    pub fn put(&mut self, labels: impl IntoIterator<Item = &'a str>, value: f64) {
        let begin = self.rows.len();
        self.rows.resize(begin + self.labels.len(), "");
        let mut given = 0;
        for label in labels {
            if let Some(place) = self.places.get(given) {
                self.rows[begin + place] = label;
            }
            given += 1;
        }
        assert_eq!(given, self.labels.len(), "labels of {}", self.name);
        self.values.push(value);
    }

    /// True if there is no series; such a family is not written.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The names of the labels, sorted.
    pub fn labels(&self) -> &[&'static str] {
        &self.labels
    }

    /// The series in the order in which they were put: values of the labels, in the order of
    /// [`labels`](Self::labels), and the value.
    pub fn series(&self) -> impl Iterator<Item = (&[&'a str], f64)> {
        (0..self.values.len()).map(|index| (self.row(index), self.values[index]))
    }

    /// The series sorted by the values of their labels.
    pub(super) fn sorted(&self) -> impl Iterator<Item = (&[&'a str], f64)> {
        let mut order: Vec<usize> = (0..self.values.len()).collect();
        order.sort_unstable_by(|&one, &other| compare(self.row(one), self.row(other)));
        let series = |index| (self.row(index), self.values[index]);
        order.into_iter().map(series)
    }

    fn row(&self, index: usize) -> &[&'a str] {
        let length = self.labels.len();
        &self.rows[index * length..(index + 1) * length]
    }
}

/// Compares the values of labels. Most are the very same word of the program in both rows, which is
/// seen without reading it.
fn compare(one: &[&str], other: &[&str]) -> Ordering {
    let pairs = one.iter().zip(other);
    let mut different = pairs.filter(|(one, other)| !ptr::eq(**one, **other));
    let first = different.find_map(|(one, other)| Some(one.cmp(other)).filter(|it| it.is_ne()));
    first.unwrap_or(Ordering::Equal)
}
