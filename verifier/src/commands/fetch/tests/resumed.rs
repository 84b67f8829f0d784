//! What an earlier fetch left is gone on with where it is the beginning of this very object, and
//! nowhere else.

use serde_json::json;

use super::*;

#[tokio::test]
async fn what_was_read_before_is_not_read_again() {
    let place = Place::new(BODY);
    let denied: Script = |number, _| (number == 5).then_some(Err(StorageReason::AccessDenied));
    let (outcome, _) = place.fetch_by(denied, &[]).await;
    assert!(
        matches!(outcome, Err(FetchError::Storage(_))),
        "{outcome:?}"
    );
    assert_eq!(place.names(), [".1.rdb.part", ".1.rdb.part.json"]);
    let left = fs::read_to_string(place.path(".1.rdb.part")).unwrap();
    assert_eq!(left, &BODY[..20], "in order, up to the one that was denied");
    let (outcome, reads) = place.fetch(&[witness(BODY)]).await;
    place.is_whole(outcome, BODY);
    assert_eq!(reads, 3, "the last one that was written, and two more");
    place.heard("1.rdb: 16 B of 26 B are here already");
}

#[tokio::test]
async fn of_a_part_of_any_length_all_but_the_last_piece_is_believed() {
    for length in 0..=26 {
        let place = Place::new(BODY);
        let pin = place.pin().await;
        let identity = Place::identity(&pin);
        let believed = [24, 20, 16, 12, 8, 4].into_iter().find(|it| *it < length);
        let believed = believed.unwrap_or(0);
        assert_eq!(identity.believed(length as u64), believed as u64);
        // What the power took of the piece that had not reached the disk.
        let hole = "\0".repeat(length - believed);
        let part = [&BODY[..believed], &hole].concat();
        place.leave(part.as_bytes(), &identity.note.unwrap());
        let (outcome, reads) = place.fetch(&[]).await;
        place.is_whole(outcome, BODY);
        assert_eq!(reads, 7 - believed as u64 / PIECE, "{length}");
    }
}

#[tokio::test]
async fn the_part_of_another_object_is_not_gone_on_with() {
    let place = Place::new(BODY);
    let denied: Script = |number, _| (number == 5).then_some(Err(StorageReason::AccessDenied));
    place.fetch_by(denied, &[]).await.0.unwrap_err();
    let other = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    place.memory.put(KEY, other);
    let (outcome, reads) = place.fetch(&[]).await;
    place.is_whole(outcome, other);
    assert_eq!(reads, 7);
}

/// Leaves a part that is not the beginning of the object beside a note, and fetches.
async fn begins_anew(place: &Place, part: &str, note: &[u8]) {
    place.leave(part.as_bytes(), note);
    let (outcome, reads) = place.fetch(&[]).await;
    place.is_whole(outcome, BODY);
    assert_eq!(reads, 7, "{}", note.escape_ascii());
    fs::remove_file(place.path("1.rdb")).unwrap();
}

#[tokio::test]
async fn a_part_beside_a_note_that_is_not_wholly_ours_is_begun_anew() {
    let place = Place::new(BODY);
    let pin = place.pin().await;
    let other = Key::new("redis/2.rdb");
    let local = RepositoryName::new("local").unwrap();
    let of = |change: fn(&mut Pin)| {
        let mut pin = pin.clone();
        change(&mut pin);
        Identity::new(&local, &pin, PIECE).note
    };
    let elsewhere = RepositoryName::new("elsewhere").unwrap();
    let other = Pin {
        key: other,
        ..pin.clone()
    };
    let strangers = [
        of(|pin| pin.etag = Some("another".into())),
        of(|pin| pin.version_id = Some("another".into())),
        of(|pin| pin.modified_at += jiff::SignedDuration::from_secs(1)),
        of(|pin| pin.size_bytes += 1),
        Identity::new(&local, &other, PIECE).note,
        Identity::new(&elsewhere, &pin, PIECE).note,
        Identity::new(&local, &pin, PIECE + 1).note,
    ];
    let own = Place::identity(&pin).note.unwrap();
    let part = "0".repeat(20);
    for stranger in strangers {
        let stranger = stranger.unwrap();
        assert_ne!(own, stranger);
        begins_anew(&place, &part, &stranger).await;
    }
    begins_anew(&place, &part, &own[..own.len() / 2]).await;
    begins_anew(&place, &part, &[&own[..], b" "].concat()).await;
    begins_anew(&place, &part, &vec![0; own.len()]).await;
    begins_anew(&place, &part, b"").await;
    begins_anew(&place, &"0".repeat(27), &own).await;
}

#[tokio::test]
async fn what_the_layout_before_this_one_left_is_begun_anew() {
    let place = Place::new(BODY);
    let pin = place.pin().await;
    let etag = pin.etag.unwrap();
    for written in [json!([]), json!([[0, 4], [8, 26]]), json!([[0, 26]])] {
        // The part had its full size at once, and holes.
        let note = json!({
            "schema": 1,
            "repository": "local",
            "key": KEY,
            "version_id": null,
            "etag": etag,
            "size_bytes": 26,
            "written": written,
        });
        let note = note.to_string();
        begins_anew(&place, &"\0".repeat(26), note.as_bytes()).await;
    }
}

#[tokio::test]
async fn a_part_without_a_note_or_a_note_without_its_part_is_not_believed() {
    for lost in [".1.rdb.part", ".1.rdb.part.json"] {
        let place = Place::new(BODY);
        let note = Place::identity(&place.pin().await).note.unwrap();
        place.leave("0".repeat(20).as_bytes(), &note);
        fs::remove_file(place.path(lost)).unwrap();
        let (outcome, reads) = place.fetch(&[]).await;
        place.is_whole(outcome, BODY);
        assert_eq!(reads, 7);
    }
}

#[tokio::test]
async fn an_object_without_lasting_version_and_tag_may_be_another_one_by_now() {
    let place = Place::new(BODY);
    let mut pin = place.pin().await;
    pin.etag = None;
    for (version, is_resumed) in [(None, false), (Some("null"), false), (Some("v1"), true)] {
        pin.version_id = version.map(Into::into);
        let identity = Place::identity(&pin);
        let note = identity.note.clone();
        assert_eq!(note.is_some(), is_resumed, "{version:?}");
        place.leave(&[0; 20], &note.unwrap_or_default());
        let paths = Paths::new(place.directory.path(), "1.rdb");
        let part = PartFile::open(paths, &identity).unwrap();
        assert_eq!(part.bytes > 0, is_resumed, "{version:?}");
        let is_noted = place.path(".1.rdb.part.json").exists();
        assert_eq!(is_noted, is_resumed, "{version:?}");
    }
}

#[test]
fn what_is_missing_is_read_in_pieces_and_nothing_twice() {
    let check = |from, size_bytes, expected: &[(u64, u64)]| {
        let identity = Identity {
            note: None,
            size_bytes,
            piece_bytes: 4,
        };
        let missing = identity.missing(from);
        let missing: Vec<_> = missing.map(|it| (it.start, it.end)).collect();
        assert_eq!(missing, expected, "{from} of {size_bytes}");
    };
    check(0, 0, &[]);
    check(0, 3, &[(0, 3)]);
    check(0, 8, &[(0, 4), (4, 8)]);
    check(0, 9, &[(0, 4), (4, 8), (8, 9)]);
    check(4, 9, &[(4, 8), (8, 9)]);
    check(8, 9, &[(8, 9)]);
    let last = u64::MAX - 3;
    check(last, u64::MAX, &[(last, u64::MAX)]);
}
