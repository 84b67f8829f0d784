//! The command line of `backup-verifier` (design §4), as clap sees it.
//!
//! Only words and their shapes; what each command does is in [`commands`](crate::commands).

mod moment;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use jiff::Timestamp;
use toolkit::{flags::WebFlags, log::LogFlags};

pub use self::moment::Since;
use self::moment::{moment, since};
use crate::select::Wanted;

/// Port on which `serve` listens unless told otherwise.
pub const PORT: u16 = 9878;

/// Restores the newest backups into throwaway servers and tells the truth about them.
#[derive(Debug, Parser)]
#[command(name = "backup-verifier", version, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Cli {
    /// Configuration, shared with backup-exporter
    #[arg(
        long = "config.file",
        value_name = "FILE",
        global = true,
        default_value = "backups.yaml"
    )]
    pub config: PathBuf,
    /// The log
    #[command(flatten)]
    pub log: LogFlags,
    /// Where serve listens
    #[command(flatten, next_help_heading = "Options of serve, before or behind it")]
    pub web: WebFlags,
    /// What to do
    #[command(subcommand)]
    pub command: Verb,
}

const EXIT_CODES: &str = "Exit codes: 0 all verified, or fine; 1 something failed; 2 usage or \
configuration, also a --source that matches nothing; 3 could not tell, also no complete snapshot \
to verify. Of several outcomes: 2 > 1 > 3 > 0.";

const DRILL: &str = "Writes a record of each source, and the report as JSON, Markdown and HTML \
beside the records, below .drills. A source begins when those before it have their verdict. Exit \
codes as of verify: 0 only if every source was verified.";

const FETCH: &str = "Prints one line for each file, as sha256sum does: pipe it to `sha256sum -c`. \
An interrupted fetch goes on where it stopped when it is run again. A file gets its name only when \
it is whole and agrees with the record that verified it and with its manifest; no file is ever \
replaced. Files are readable by their owner only.";

const REPAIR: &str = "Changes no record. For each break one record is written behind it: what was \
found, who looked at it, and why. A later break, or a later change of the same record, stands again.";

const SERVE: &str = "Listens on :9878 unless told otherwise. SIGHUP reads the configuration again, \
SIGTERM ends: what runs then is inconclusive (interrupted), and its sandbox is removed.";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Verify what is due, again and again, until stopped; answer over HTTP how it goes
    #[command(after_help = SERVE)]
    Serve(Serve),
    /// Restore snapshots in sandboxes, judge them, and write the evidence
    Verify(Verify),
    /// Restore the sources of a drill in their order, timed, and report: a rehearsal of a recovery
    #[command(after_help = DRILL)]
    Drill(DrillFlags),
    /// Say what is due for verification, and why
    Plan(Plan),
    /// List every snapshot with its size, age, state and proof
    Snapshots(Select),
    /// Print the location of one snapshot, for scripts
    Latest(Latest),
    /// Try the receivers of messages before the bad night
    Notify(NotifyFlags),
    /// Copy one snapshot into a directory: checksummed, resumable, never a half file
    #[command(after_help = FETCH)]
    Fetch(Fetch),
    /// Read one snapshot file to its last byte, without a server
    Inspect(Inspect),
    /// Record that the contents of a snapshot are right: the new baseline
    Accept(Accept),
    /// Read the ledger
    #[command(subcommand)]
    Evidence(EvidenceCommand),
    /// Remove what killed runs left behind
    Sweep,
    /// Say whether everything a verification needs is there
    Doctor,
    /// Check the configuration
    Check,
    /// Print the JSON Schema of the configuration
    Schema,
    /// Print what makes a shell complete these words
    Completions(Completions),
}

/// `serve`
#[derive(Debug, Args)]
pub struct Serve {
    /// Where it listens
    #[command(flatten)]
    pub web: WebFlags,
}

/// Which sources.
#[derive(Debug, Clone, Default, Args)]
pub struct Select {
    /// Only this source; may be given several times
    #[arg(long = "source", value_name = "SOURCE")]
    pub sources: Vec<String>,
}

/// `verify`
#[derive(Debug, Args)]
pub struct Verify {
    /// Which sources
    #[command(flatten)]
    pub select: Select,
    /// Only what `plan` lists as due
    #[arg(long)]
    pub due: bool,
    /// Which snapshot; the newest complete one otherwise
    #[command(flatten)]
    pub which: Which,
    /// Post changes to the receivers of the configuration; the default with --due alone
    #[arg(
        long,
        value_name = "WHEN",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "always"
    )]
    pub notify: Option<NotifyWhen>,
    /// How the outcome is printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: ReportFormat,
}

impl Verify {
    /// True if changes are posted.
    ///
    /// | `--notify` | changes are posted |
    /// |---|---|
    /// | given | yes |
    /// | `=never` | no |
    /// | not given | with `--due`, unless a snapshot is chosen |
    pub fn posts(&self) -> bool {
        let chosen = !matches!(Wanted::from(&self.which), Wanted::Newest);
        match self.notify {
            Some(when) => when == NotifyWhen::Always,
            None => self.due && !chosen,
        }
    }
}

/// When changes are posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum NotifyWhen {
    /// Post them
    Always,
    /// Post nothing
    Never,
}

/// `notify`
#[derive(Debug, Args)]
pub struct NotifyFlags {
    /// Post one message of each kind to every receiver, marked TEST
    #[arg(long, required = true)]
    pub test: bool,
}

/// Which snapshot of a source.
#[derive(Debug, Clone, Default, Args)]
#[group(multiple = false)]
pub struct Which {
    /// The snapshot that holds this key, or has this id
    #[arg(long, value_name = "KEY")]
    pub snapshot: Option<String>,
    /// The snapshot of exactly this recovery point
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub at: Option<Timestamp>,
    /// The newest snapshot before this time
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub before: Option<Timestamp>,
}

impl From<&Which> for Wanted {
    fn from(which: &Which) -> Self {
        match (&which.snapshot, which.at, which.before) {
            (Some(name), _, _) => Self::Named(name.clone()),
            (None, Some(at), _) => Self::At(at),
            (None, None, Some(before)) => Self::Before(before),
            (None, None, None) => Self::Newest,
        }
    }
}

/// How a report is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// One block per source, for people
    Text,
    /// A list of exactly the evidence records
    Json,
    /// For tickets and pull requests
    Markdown,
}

/// `drill`
#[derive(Debug, Args)]
pub struct DrillFlags {
    /// The drill; may be left out where only one is configured
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// Restore the last verified snapshots before this time: newer data may be compromised
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub before: Option<Timestamp>,
    /// How the report is printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: DrillFormat,
    /// Write the printed report to this file, which is replaced
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// How the report of a drill is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DrillFormat {
    /// For people
    Text,
    /// The report as it lies beside the records
    Json,
    /// For tickets and documents
    Markdown,
    /// One page with a timeline, for auditors
    Html,
}

/// `plan`
#[derive(Debug, Args)]
pub struct Plan {
    /// Also say why each source is, or is not, due
    #[arg(long)]
    pub explain: bool,
}

/// `latest`
#[derive(Debug, Args)]
pub struct Latest {
    /// Of this source
    #[arg(long, value_name = "SOURCE")]
    pub source: String,
    /// Only a snapshot with a proof
    #[arg(long)]
    pub verified: bool,
    /// Only one taken before this time
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub before: Option<Timestamp>,
}

/// `fetch`
#[derive(Debug, Args)]
pub struct Fetch {
    /// Of this source
    #[arg(long, value_name = "SOURCE")]
    pub source: String,
    /// Only a snapshot with a proof
    #[arg(long)]
    pub verified: bool,
    /// Which snapshot; the newest complete one otherwise
    #[command(flatten)]
    pub which: Which,
    /// Where to; made if it is missing, but not the directories above it
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
}

/// `inspect`
#[derive(Debug, Args)]
pub struct Inspect {
    /// A file, or - for standard input
    #[arg(value_name = "FILE|-")]
    pub file: PathBuf,
    /// How the outcome is printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: InspectFormat,
}

/// How an inspection is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum InspectFormat {
    /// For people
    Text,
    /// One object
    Json,
}

/// `accept`
#[derive(Debug, Args)]
pub struct Accept {
    /// Of this source
    #[arg(long, value_name = "SOURCE")]
    pub source: String,
    /// The snapshot that holds this key, or has this id
    #[arg(long, value_name = "KEY")]
    pub snapshot: String,
    /// Why its contents are right, for whoever audits the ledger
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

/// `evidence`
#[derive(Debug, Subcommand)]
pub enum EvidenceCommand {
    /// Recompute every digest and name the first break of each chain
    Check(EvidenceCheck),
    /// One line per record
    List(Select),
    /// Every record, for audits
    Export(Export),
    /// Write down why a chain is broken: the break is told for ever and is no concern any more
    #[command(after_help = REPAIR)]
    Repair(Repair),
}

/// `evidence check`
#[derive(Debug, Args)]
pub struct EvidenceCheck {
    /// The sources to check
    #[command(flatten)]
    pub select: Select,
    /// Also look whether these ledgers together once had this anchor, which a digest told: then no
    /// record that was there was changed or removed since
    #[arg(long, value_name = "HASH")]
    pub anchor: Option<String>,
}

/// `evidence export`
#[derive(Debug, Args)]
pub struct Export {
    /// Which sources
    #[command(flatten)]
    pub select: Select,
    /// Only records written since then: a time, or how long ago, such as 30d
    #[arg(long, value_name = "TIME", value_parser = since)]
    pub since: Option<Since>,
    /// How the records are printed
    #[arg(long, value_name = "FORMAT", default_value = "json")]
    pub format: ExportFormat,
}

/// How records are exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// A list of the records as they lie there
    Json,
    /// A table, one record a line
    Csv,
    /// A page to read, print and keep
    Html,
}

/// `evidence repair`
#[derive(Debug, Args)]
pub struct Repair {
    /// Of this source
    #[arg(long, value_name = "SOURCE")]
    pub source: String,
    /// Why it is broken, for whoever audits the ledger
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

/// `completions`
#[derive(Debug, Args)]
pub struct Completions {
    /// Of this shell
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}
