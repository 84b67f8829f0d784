//! `rules [SOURCES]`: prints how long one evaluation of the alert rules takes in a Prometheus with
//! so many sources, 200 unless told. `scripts/bench rules` runs it.

#![allow(clippy::print_stdout, reason = "a measuring program prints")]

use std::{env, num::ParseIntError};

use tests::rule_speed::measure;

/// The goal of all groups together, in milliseconds.
const GOAL: f64 = 100.0;

#[tokio::main]
async fn main() -> Result<(), ParseIntError> {
    let sources = env::args().nth(1).map_or(Ok(200), |it| it.parse())?;
    let groups = measure(sources).await;
    println!(
        "| rules, {sources} sources | median of one evaluation | slowest rule |\n|---|---|---|"
    );
    for it in &groups {
        let (rule, seconds) = &it.slowest;
        let (group, took) = (&it.group, it.seconds * 1e3);
        println!(
            "| {group} | {took:.1} ms | {rule}: {:.1} ms |",
            seconds * 1e3
        );
    }
    let all: f64 = groups.iter().map(|it| it.seconds * 1e3).sum();
    let met = if all < GOAL { "met" } else { "**missed**" };
    println!("| all | {all:.1} ms | goal < {GOAL} ms: {met} |");
    Ok(())
}
