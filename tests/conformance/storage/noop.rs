//! A driver that no table of the programs has: read from a configuration, it passes both suites,
//! and the exporter works where it says.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

use async_trait::async_trait;
use catalog::{
    config::{Config, Known, Loaded, load, load_with, schema_with},
    drivers::{DRIVERS, Driver},
    ledger::{append, fixtures},
    model::{RepositoryName, SourceName},
    storage::{
        Storage,
        memory::{MODIFIED_AT, Memory},
    },
};
use exporter::{state::State, surveyor::Surveyor, world};
use tests::{
    noop::driver::{NOOP, Shelf, WITHOUT_RECORDS},
    storage_suite,
    storage_suite::Fixture,
};
use toolkit::{clock::Clock, published::Published};

static WITH_NOOP: [&dyn Driver; 3] = [DRIVERS[0], DRIVERS[1], &NOOP];
static WITHOUT_NOOP_RECORDS: [&dyn Driver; 3] = [DRIVERS[0], DRIVERS[1], &WITHOUT_RECORDS];

/// What this program knows, and the driver.
fn known(drivers: &'static [&'static dyn Driver]) -> Known {
    Known {
        drivers,
        ..Known::default()
    }
}

/// A file of one source whose repository and evidence are written so.
fn file(repository: &str, evidence: &str) -> String {
    format!(
        "schema: 1\nrepositories: [{{ name: local, {repository} }}]\n\
         evidence: {{ repository: {{ {evidence} }} }}\nsources:\n  \
         - {{ name: cache, engine: redis, repository: local, path: \"redis/%Y%m%d.rdb\" }}\n"
    )
}

fn read(text: &str) -> Result<Loaded, String> {
    let loaded = load_with(&known(&WITH_NOOP), Path::new("/etc/backups.yaml"), text);
    loaded.map_err(|problems| problems.to_string())
}

/// The configuration of shelves that no other test has, and the shelf of the repository.
fn shelves() -> (Config, Shelf) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Relaxed);
    let shelf = |of: &str| format!("noop: {{ shelf: {of}-{number} }}");
    let loaded = read(&file(&shelf("objects"), &shelf("records"))).expect("a configuration");
    assert!(loaded.warnings.is_empty(), "{}", loaded.warnings);
    let location = &loaded.config.repositories[0].location;
    let shelf = location.config::<Shelf>().expect("a shelf").clone();
    (loaded.config, shelf)
}

struct Configured {
    storage: Arc<dyn Storage>,
    objects: Memory,
}

fn configured() -> Configured {
    let (config, shelf) = shelves();
    Configured {
        storage: config.repositories[0].location.open(),
        objects: shelf.objects(),
    }
}

#[async_trait]
impl Fixture for Configured {
    fn storage(&self) -> &dyn Storage {
        &*self.storage
    }

    async fn put(&self, key: &str, body: &[u8]) {
        self.objects.put(key, body.to_vec());
    }

    async fn remove(&self, key: &str) {
        self.objects.remove(key);
    }
}

storage_suite!(configured());

#[tokio::test]
async fn its_evidence_obeys_the_suite() {
    let evidence = shelves().0.evidence.expect("evidence");
    tests::ledger_suite::obeys(evidence.location.open_records()).await;
}

#[tokio::test]
async fn the_exporter_surveys_it_and_reads_its_records() {
    let (config, shelf) = shelves();
    shelf
        .objects()
        .put_at("redis/20261122.rdb", "a", MODIFIED_AT);
    let cache = SourceName::new("cache").expect("a name");
    let evidence = config.evidence.as_ref().expect("evidence");
    let evidence = evidence.location.open_records();
    let draft = fixtures::verified(fixtures::at("01:00:00"));
    evidence.mark().await.expect("marked");
    append(&*evidence, &cache, draft).await.expect("appended");

    let world = Arc::new(world::open(config, None));
    let clock = Clock::starting_at(fixtures::at("02:00:00"));
    let published = Published::new(State::new(Arc::clone(&world.config), clock.now()));
    let surveyor = Surveyor::new(world, published.clone(), clock, Arc::new(|| 0.5));
    surveyor.once().await;
    let state = published.get();
    let local = RepositoryName::new("local").expect("a name");
    let said = state.repositories[&local].last.as_ref();
    assert_eq!(said.and_then(|it| it.problem.as_deref()), None);
    let source = &state.sources[&cache];
    let inventory = source.inventory.as_ref().expect("surveyed");
    assert_eq!(inventory.snapshots.len(), 1);
    let ledger = source.evidence.ledger.as_ref().expect("read");
    assert_eq!(ledger.report().records, 1);
}

#[test]
fn what_is_wrong_with_it_is_said_as_of_every_driver() {
    let shelf = "noop: { shelf: a }";
    let said = |repository: &str, evidence: &str| read(&file(repository, evidence)).unwrap_err();
    let check = |said: &str, expected: &str| assert!(said.contains(expected), "{said}");
    check(
        &said("", shelf),
        "2:24: repositories[0].name: neither directory nor s3 nor noop is written",
    );
    check(
        &said("", shelf),
        "hint: Write directory: /path, or s3: { bucket: … }, or noop: { shelf: … }.",
    );
    check(
        &said("directory: /a, noop: { shelf: a }", shelf),
        "both directory and noop are written; a repository is one of them",
    );
    check(
        &said("noop: { shelf: \"\" }", shelf),
        "2:37: repositories[0].noop: the shelf has no name",
    );
    check(
        &said("noop: { shef: a }", shelf),
        "2:39: repositories[0].noop.shef: unknown key",
    );
    check(&said("noob: a", shelf), "hint: Did you mean noop?");
    let among = file(shelf, shelf).replace("redis/%Y%m%d.rdb", "cache/*.json");
    check(
        &read(&among).unwrap_err(),
        "evidence.repository: the evidence would lie among the snapshots of cache",
    );
    assert!(read(&among.replacen("shelf: a", "shelf: b", 1)).is_ok());
    // And by nobody to whom the table was not handed.
    let unknown = load(Path::new("backups.yaml"), &file(shelf, "directory: /e"));
    check(&unknown.unwrap_err().to_string(), "noop: unknown key");
}

#[test]
fn a_driver_without_records_is_no_place_for_evidence() {
    let known = known(&WITHOUT_NOOP_RECORDS);
    let read = |evidence: &str| {
        let text = file("noop: { shelf: a }", evidence);
        load_with(&known, Path::new("backups.yaml"), &text)
    };
    assert!(read("directory: /e").is_ok());
    let said = read("noop: { shelf: b }").unwrap_err().to_string();
    assert!(
        said.contains("evidence.repository.noop: unknown key"),
        "{said}"
    );
    assert!(
        said.contains("neither directory nor s3 is written"),
        "{said}"
    );
}

#[test]
fn the_schema_has_its_key_where_it_may_stand() {
    let has_key = |drivers, definition: &str| {
        let schema = schema_with(&known(drivers));
        let definitions = &schema.as_value()["$defs"];
        let key = &definitions[definition]["properties"]["noop"];
        let told = key["description"] == "A shelf in memory.";
        let defined = definitions["Shelf"]["required"][0] == "shelf";
        assert_eq!(told, !key.is_null());
        told && defined
    };
    assert!(has_key(&WITH_NOOP, "Repository"));
    assert!(has_key(&WITH_NOOP, "EvidenceRepository"));
    assert!(has_key(&WITHOUT_NOOP_RECORDS, "Repository"));
    assert!(!has_key(&WITHOUT_NOOP_RECORDS, "EvidenceRepository"));
    assert!(!has_key(&DRIVERS, "Repository"));
}
