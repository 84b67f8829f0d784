use super::*;

/// The least cost that bcrypt allows, as there are many tests.
const COST: u32 = 4;

fn users(all: &[(&str, &str)]) -> Users {
    let hash = |password: &str| bcrypt::hash(password, COST).unwrap();
    let hashes = all
        .iter()
        .map(|(user, password)| ((*user).into(), hash(password)));
    Users::new(hashes.collect()).unwrap()
}

fn basic(user: &str, password: &str) -> HeaderValue {
    let token = BASE64_STANDARD.encode(format!("{user}:{password}"));
    HeaderValue::from_str(&format!("Basic {token}")).unwrap()
}

#[tokio::test]
async fn only_the_right_password_of_a_known_user_lets_in() {
    let long = "p".repeat(PASSWORD_MAX);
    let users = users(&[("alice", "wonder:land"), ("bob", ""), ("carol", &long)]);
    let porter = Porter::new();
    let check = async |user: &str, password: &str, expected: Entry| {
        // The second answer is the remembered one.
        for _ in 0..2 {
            let entry = porter.admits(&users, Some(&basic(user, password))).await;
            assert_eq!(entry, expected, "{user}:{password}");
        }
    };
    check("alice", "wonder:land", Entry::Granted).await;
    check("bob", "", Entry::Granted).await;
    check("carol", &long, Entry::Granted).await;
    check("carol", &format!("{long}p"), Entry::Refused).await;
    check("alice", "wonder", Entry::Refused).await;
    check("alice", "", Entry::Refused).await;
    check("Alice", "wonder:land", Entry::Refused).await;
    check("dave", "wonder:land", Entry::Refused).await;
    check("", "", Entry::Refused).await;
}

#[tokio::test]
async fn a_header_that_is_none_of_ours_is_refused() {
    let (porter, users) = (Porter::new(), users(&[("alice", "secret")]));
    assert_eq!(porter.admits(&users, None).await, Entry::Refused);
    for header in [
        "",
        "Basic",
        "Basic ",
        "Basic %%%",
        "Basic YWxpY2U=",
        "Bearer YWxpY2U6c2VjcmV0",
        "YWxpY2U6c2VjcmV0",
    ] {
        let value = HeaderValue::from_str(header).unwrap();
        let entry = porter.admits(&users, Some(&value)).await;
        assert_eq!(entry, Entry::Refused, "{header:?}");
    }
    for header in ["basic YWxpY2U6c2VjcmV0", "BASIC  YWxpY2U6c2VjcmV0"] {
        let value = HeaderValue::from_str(header).unwrap();
        let entry = porter.admits(&users, Some(&value)).await;
        assert_eq!(entry, Entry::Granted, "{header:?}");
    }
}

#[tokio::test]
async fn a_changed_password_ends_what_was_remembered_of_the_old_one() {
    let porter = Porter::new();
    let header = basic("alice", "old");
    let before = users(&[("alice", "old")]);
    assert_eq!(porter.admits(&before, Some(&header)).await, Entry::Granted);
    let after = users(&[("alice", "new")]);
    assert_eq!(porter.admits(&after, Some(&header)).await, Entry::Refused);
}

#[tokio::test]
async fn guessing_neither_fills_the_memory_nor_pushes_out_who_is_right() {
    let (porter, users) = (Porter::new(), users(&[("alice", "secret")]));
    let right = basic("alice", "secret");
    assert_eq!(porter.admits(&users, Some(&right)).await, Entry::Granted);
    for guess in 0..2 * REMEMBERED_MAX {
        porter.remember(
            porter.digest("alice", "", guess.to_string().as_bytes()),
            false,
        );
    }
    assert_eq!(
        porter.remembered.lock().unwrap().wrong.len(),
        REMEMBERED_MAX
    );
    // No turn is free: only memory can answer.
    let _turn = porter.turn.acquire().await.unwrap();
    assert_eq!(porter.admits(&users, Some(&right)).await, Entry::Granted);
}

#[tokio::test(start_paused = true)]
async fn who_waits_too_long_for_a_turn_is_told_so_whether_known_or_not() {
    let (porter, users) = (Porter::new(), users(&[("alice", "secret")]));
    let _turn = porter.turn.acquire().await.unwrap();
    for user in ["alice", "nobody"] {
        let entry = porter.admits(&users, Some(&basic(user, "guess"))).await;
        assert_eq!(entry, Entry::Busy, "{user}");
    }
}

#[test]
fn a_refusal_costs_as_much_as_the_costliest_user_whoever_asks() {
    let hash = |cost| format!("$2y${cost:02}${NOBODY}");
    let hashes = [("a", hash(4)), ("b", hash(11)), ("c", hash(7))];
    let hashes = hashes.map(|(user, hash)| (user.to_owned(), hash));
    let users = Users::new(hashes.into()).unwrap();
    for user in ["a", "b", "c", "stranger"] {
        let question = users.question(user);
        let hashes = question.rest.iter().chain([&question.hash]);
        let rounds: u32 = hashes.map(|hash| 1 << cost(hash).unwrap()).sum();
        assert_eq!(rounds, 1 << 11, "{user}");
    }
}

#[tokio::test]
async fn a_user_with_a_cheaper_hash_comes_in_as_well() {
    let hash = |password: &str, cost| bcrypt::hash(password, cost).unwrap();
    let hashes = [("cheap", hash("a", 4)), ("costly", hash("b", 6))];
    let hashes = hashes.map(|(user, hash)| (user.to_owned(), hash));
    let (porter, users) = (Porter::new(), Users::new(hashes.into()).unwrap());
    let check = async |user: &str, password: &str, expected: Entry| {
        let entry = porter.admits(&users, Some(&basic(user, password))).await;
        assert_eq!(entry, expected, "{user}:{password}");
    };
    check("cheap", "a", Entry::Granted).await;
    check("costly", "b", Entry::Granted).await;
    check("cheap", "b", Entry::Refused).await;
    check("costly", "a", Entry::Refused).await;
}

#[test]
fn hashes_are_never_shown() {
    assert_eq!(
        format!("{:?}", users(&[("alice", "secret")])),
        "{\"alice\"}"
    );
}
