//! The engine that is nothing but its two parts.

use tests::{
    engine_suite::{Engined, MARKER},
    noop::{NOOP, NoopEngine},
    require,
    verifying::Subject,
};

const IMAGE: &str = "redis:8.0";

macro_rules! engined {
    () => {{
        require!(docker);
        require!(image IMAGE);
        Engined {
            subject: Subject::on("docker", &NOOP, &NoopEngine, &[IMAGE]),
            good: format!("one\n{MARKER}\nthree\nEND 3\n").into_bytes(),
            damaged: format!("one\n{MARKER}\nEND 3\n").into_bytes(),
        }
    }};
}

tests::engine_suite!(engined!());
