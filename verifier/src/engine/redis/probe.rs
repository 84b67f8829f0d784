//! Questions to a restored server, over one connection into the sandbox.

use std::{collections::BTreeMap, time::Duration};

use catalog::format::redis::RedisCanary;
use jiff::Timestamp;
use redis::{
    AsyncConnectionConfig, RedisConnectionInfo, RedisError, RedisResult, aio::MultiplexedConnection,
};
use thiserror::Error;
use tokio_util::task::AbortOnDropHandle;

use super::observations;
use crate::{
    engine::{Bench, Observation, Observed, common_checks::time_of},
    runtime::SandboxError,
};

/// Longest wait for one answer: a server that loads answers between two pieces of work, and the
/// client's own half second is too short.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Most bytes of a canary that are looked at: RFC 3339 with nanoseconds and offset has 35 letters.
const CANARY_BYTES_MAX: u64 = 64;

/// Why the server did not answer.
#[derive(Debug, Error)]
pub(super) enum ProbeError {
    /// The sandbox lets nobody in.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// The connection broke, or the answer was an error.
    #[error("the server did not answer")]
    Redis(#[from] RedisError),
}

/// One connection; the task that drives it ends with it.
pub(super) struct RedisClient {
    connection: MultiplexedConnection,
    _driver: AbortOnDropHandle<()>,
}

/// The lines of one section of `INFO`.
pub(super) type Info = BTreeMap<String, String>;

impl RedisClient {
    /// Connects to the server of a run; asks nothing yet.
    pub(super) async fn connect(bench: &Bench<'_>, port: u16) -> Result<Self, ProbeError> {
        let stream = bench.connect(port).await?;
        let about = RedisConnectionInfo::default().set_skip_set_lib_name();
        let config = AsyncConnectionConfig::new().set_response_timeout(Some(ANSWER_TIMEOUT));
        let (connection, driver) =
            MultiplexedConnection::new_with_config(&about, stream, config).await?;
        let driver = AbortOnDropHandle::new(tokio::spawn(driver));
        Ok(Self {
            connection,
            _driver: driver,
        })
    }

    /// True if everything is loaded. `INFO` is asked, because `PING` says nothing of an
    /// asynchronous load.
    pub(super) async fn is_loaded(&mut self) -> Result<bool, ProbeError> {
        let info = self.info("persistence").await?;
        let over = |name: &str| info.get(name).is_none_or(|value| value == "0");
        Ok(info.contains_key("loading") && over("loading") && over("async_loading"))
    }

    /// Returns the observations of everything the checks want to know.
    pub(super) async fn observe(
        &mut self,
        canary: Option<&RedisCanary>,
    ) -> Result<Vec<Observation>, ProbeError> {
        let mut observations = Vec::new();
        let mut see = |name: &str, value: Option<Observed>| {
            observations.extend(value.map(|value| Observation {
                name: name.into(),
                value,
            }));
        };
        let number = |info: &Info, name: &str| info.get(name)?.parse().ok().map(Observed::Count);

        let persistence = self.info("persistence").await?;
        see(
            observations::LOADED,
            number(&persistence, "rdb_last_load_keys_loaded"),
        );
        see(
            observations::EXPIRED,
            number(&persistence, "rdb_last_load_keys_expired"),
        );
        let stats = self.info("stats").await?;
        see(observations::EVICTED, number(&stats, "evicted_keys"));
        let memory = self.info("memory").await?;
        see(observations::USED_MEMORY, number(&memory, "used_memory"));
        let server = self.info("server").await?;
        see(
            observations::SERVER,
            server_name(&server).map(Observed::Word),
        );
        see(observations::TIME, self.time().await?.map(Observed::Time));
        see(
            observations::FUNCTIONS,
            self.functions().await?.map(Observed::Count),
        );
        if let Some(canary) = canary {
            see(observations::CANARY, Some(self.canary(canary).await?));
        }
        // Last, because an expired canary is counted until it is asked for.
        let keyspace = self.info("keyspace").await?;
        see(
            observations::LIVE_KEYS,
            Some(Observed::Count(live_keys(&keyspace))),
        );
        Ok(observations)
    }

    async fn info(&mut self, section: &str) -> Result<Info, ProbeError> {
        let text: Vec<u8> = self.ask(redis::cmd("INFO").arg(section)).await?;
        Ok(parse_info(&String::from_utf8_lossy(&text)))
    }

    async fn time(&mut self) -> Result<Option<Timestamp>, ProbeError> {
        let (seconds, _microseconds): (i64, i64) = self.ask(&redis::cmd("TIME")).await?;
        Ok(Timestamp::from_second(seconds).ok())
    }

    /// Number of function libraries; `None` of a server before 7.0, which knows no `FUNCTION`.
    async fn functions(&mut self) -> Result<Option<u64>, ProbeError> {
        let answer: RedisResult<Vec<redis::Value>> =
            self.ask(redis::cmd("FUNCTION").arg("LIST")).await;
        match answer {
            Ok(libraries) => Ok(Some(libraries.len() as u64)),
            Err(error) if is_answer(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn canary(&mut self, canary: &RedisCanary) -> Result<Observed, ProbeError> {
        let selected: RedisResult<()> = self.ask(redis::cmd("SELECT").arg(canary.database)).await;
        let mut get = redis::cmd("GETRANGE");
        get.arg(&canary.key).arg(0).arg(CANARY_BYTES_MAX - 1);
        let value: RedisResult<Vec<u8>> = match selected {
            Ok(()) => self.ask(&get).await,
            Err(error) => Err(error),
        };
        match value {
            Ok(value) => {
                let at = str::from_utf8(&value).ok().and_then(time_of);
                Ok(at.map_or(Observed::Missing, Observed::Time))
            }
            // Another type than a string, or a database that is not there.
            Err(error) if is_answer(&error) => Ok(Observed::Missing),
            Err(error) => Err(error.into()),
        }
    }

    async fn ask<T: redis::FromRedisValue>(&mut self, command: &redis::Cmd) -> RedisResult<T> {
        command.query_async(&mut self.connection).await
    }
}

/// True if the server answered, although with an error.
fn is_answer(error: &RedisError) -> bool {
    error.code().is_some()
}

/// Parses lines of `name:value`; headings, which begin with `#`, are left out.
fn parse_info(text: &str) -> Info {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let members = lines.filter_map(|line| line.split_once(':'));
    members
        .map(|(name, value)| (name.to_owned(), value.trim_end().to_owned()))
        .collect()
}

/// Sum of the keys in all lines `dbN:keys=K,…`.
fn live_keys(keyspace: &Info) -> u64 {
    let keys = |line: &String| -> Option<u64> {
        line.strip_prefix("keys=")?.split(',').next()?.parse().ok()
    };
    let databases = keyspace.iter().filter(|(name, _)| name.starts_with("db"));
    databases
        .filter_map(|(_, line)| keys(line))
        .fold(0, u64::saturating_add)
}

/// Name and version of a server; Valkey goes on calling itself Redis 7.2.4 beside its own version.
fn server_name(server: &Info) -> Option<String> {
    let named = |family: &str, key: &str| Some(format!("{family} {}", server.get(key)?));
    named("Valkey", "valkey_version").or_else(|| named("Redis", "redis_version"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn live_keys_are_those_of_all_databases() {
        let check = |text: &str, expected| assert_eq!(live_keys(&parse_info(text)), expected);
        check("# Keyspace\r\n", 0);
        check(
            "# Keyspace\r\ndb0:keys=300006,expires=1,avg_ttl=0\r\n\
             db3:keys=1,expires=0,avg_ttl=0\r\n",
            300_007,
        );
        check("db0:keys=2,expires=0,avg_ttl=0,subexpiry=0\r\n", 2);
    }

    #[test]
    fn a_server_is_named_by_its_own_version() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(server_name(&parse_info(text)).as_deref(), expected);
        };
        check("redis_version:7.0.15\r\n", Some("Redis 7.0.15"));
        check(
            "redis_version:7.2.4\r\nvalkey_version:9.1.2\r\n",
            Some("Valkey 9.1.2"),
        );
        check("\r\n", None);
    }
}
