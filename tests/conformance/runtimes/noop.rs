//! The runtime that is nothing but its module: the suite.

use tests::{noop::runtime::open, require, runtime_suite::Subject};

/// A fresh installation; returns from the test where there is no Redis server.
macro_rules! subject {
    () => {{
        require!(redis);
        Subject::new(open, "redis-server", "redis-server").await
    }};
}

tests::runtime_suite!(subject!(), open);
