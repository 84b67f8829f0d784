//! Scrapes as `OpenMetrics` text with times, which `promtool` takes.

use std::{
    fs::File,
    io::{self, BufWriter, Write as _},
    path::Path,
};

use jiff::Timestamp;

/// Metrics of the process that simulates, which neither program would have.
const OURS: &str = "process_";

/// A file of scrapes.
#[derive(Debug)]
pub(crate) struct Samples(BufWriter<File>);

impl Samples {
    /// An empty file at `path`.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        Ok(Self(BufWriter::new(File::create(path)?)))
    }

    /// Writes what a program answered to a scrape at `now`, with the labels that Prometheus adds;
    /// `None`: it did not answer.
    pub(crate) fn scrape(
        &mut self,
        job: &str,
        answer: Option<&str>,
        now: Timestamp,
    ) -> io::Result<()> {
        let out = &mut self.0;
        let target = format!("instance=\"{job}:9000\",job=\"{job}\"");
        let time = now.as_second();
        let is_up = u8::from(answer.is_some());
        writeln!(out, "up{{{target}}} {is_up} {time}")?;
        let samples = answer.unwrap_or_default().lines();
        for sample in samples.filter(|line| !line.starts_with('#') && !line.starts_with(OURS)) {
            let name = sample.find(['{', ' ']).unwrap_or(sample.len());
            let (name, rest) = sample.split_at(name);
            match rest.strip_prefix('{') {
                Some(labels) => writeln!(out, "{name}{{{target},{labels} {time}")?,
                None => writeln!(out, "{name}{{{target}}}{rest} {time}")?,
            }
        }
        Ok(())
    }

    /// Ends the file.
    pub(crate) fn end(mut self) -> io::Result<()> {
        self.0.write_all(b"# EOF\n")?;
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sample_has_its_target_and_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("samples");
        let mut samples = Samples::create(&path).unwrap();
        let now = Timestamp::from_second(300).unwrap();
        let answer = "# HELP a b\na{c=\"d e\"} 1\nf 2.5\nprocess_threads 7\n";
        samples.scrape("x", Some(answer), now).unwrap();
        samples.scrape("y", None, now).unwrap();
        samples.end().unwrap();
        let x = "instance=\"x:9000\",job=\"x\"";
        let expected = format!(
            "up{{{x}}} 1 300\na{{{x},c=\"d e\"}} 1 300\nf{{{x}}} 2.5 300\n\
             up{{instance=\"y:9000\",job=\"y\"}} 0 300\n# EOF\n"
        );
        assert_eq!(std::fs::read_to_string(path).unwrap(), expected);
    }
}
