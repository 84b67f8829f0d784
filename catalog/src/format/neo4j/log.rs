//! The lines that may be quoted from logs of a server and of `neo4j-admin`: their own fixed
//! sentences with numbers in them, and names of errors. Never a name, a path or a value.
//!
//! `#` stands for a number or version, `@` for the name of a class. A line that is not on the list
//! is replaced by its length.

/// Sentences of `neo4j.log`, of `neo4j-admin database load`, `info`, `check` and `migrate`, and of
/// the Java machine (4.4 to 2026).
pub const LOG_LINES: &[&str] = &[
    "======== Neo4j # ========",
    "Starting...",
    "Starting Neo4j.",
    "Bolt enabled on 0.0.0.0:#.",
    "Bolt enabled on 127.0.0.1:#.",
    "Bolt enabled on localhost:#.",
    "HTTP enabled on 0.0.0.0:#.",
    "HTTP enabled on 127.0.0.1:#.",
    "HTTP enabled on localhost:#.",
    "Remote interface available at http://0.0.0.0:#/",
    "Remote interface available at http://127.0.0.1:#/",
    "Remote interface available at http://localhost:#/",
    "Started.",
    "Stopping...",
    "Stopped.",
    "Load failed for databases: 'neo4j'",
    "Failed to load database 'neo4j'",
    "Loading of differential Neo4j backup is not supported. Use restore database instead.",
    "Inconsistencies found.",
    "Java heap space",
    "GC overhead limit exceeded",
    "There is insufficient memory for the Java Runtime Environment to continue.",
    "Caused by: @",
    "@",
];

/// Classes whose name may stand where a pattern has `@`. The message behind the name is not shown.
pub const ERROR_CLASSES: &[&str] = &[
    "java.io.EOFException",
    "java.io.IOException",
    "java.lang.OutOfMemoryError",
    "java.lang.UnsatisfiedLinkError",
    "java.nio.file.AccessDeniedException",
    "java.nio.file.FileAlreadyExistsException",
    "java.nio.file.FileSystemException",
    "java.nio.file.NoSuchFileException",
    "com.github.luben.zstd.ZstdIOException",
    "org.neo4j.cli.CommandFailedException",
    "org.neo4j.dbms.archive.IncorrectFormat",
    "org.neo4j.dbms.archive.InvalidDumpEntryException",
    "org.neo4j.kernel.impl.storemigration.UpgradeNotAllowedException",
    "org.neo4j.kernel.impl.transaction.log.entry.IncompleteLogHeaderException",
    "org.neo4j.kernel.impl.transaction.log.entry.UnsupportedLogVersionException",
    "org.neo4j.kernel.lifecycle.LifecycleException",
    "org.neo4j.server.ServerStartupException",
];
