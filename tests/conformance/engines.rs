//! Every engine against the suite of engines, and what only one of them promises.

mod neo4j;
mod neo4j_hindered;
mod neo4j_process;
mod neo4j_rehearsal;
mod neo4j_states;
mod noop;
mod redis;
mod redis_damage;
mod redis_disk;
mod redis_modules;
mod redis_odd;
mod redis_pipe;
mod redis_stand_in;
