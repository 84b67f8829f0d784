//! The engine that is nothing but its two parts, in a container, and in the runtime that is nothing
//! but its module.

use tests::{
    engine_suite::{Engined, MARKER},
    noop::{self, NOOP, NoopEngine},
    require,
    verifying::Subject,
};

const IMAGE: &str = "redis:8.0";

fn engined(subject: Subject) -> Engined {
    Engined {
        subject,
        good: format!("one\n{MARKER}\nthree\nEND 3\n").into_bytes(),
        damaged: format!("one\n{MARKER}\nEND 3\n").into_bytes(),
    }
}

macro_rules! in_a_container {
    () => {{
        require!(docker);
        require!(image IMAGE);
        engined(Subject::on("docker", &NOOP, &NoopEngine, &[IMAGE]))
    }};
}

tests::engine_suite!(in_a_container!());

mod on_this_machine {
    use super::*;

    tests::engine_suite!(engined(Subject::made(
        noop::runtime::open,
        &NOOP,
        &NoopEngine,
        &["sh"]
    )));
}
