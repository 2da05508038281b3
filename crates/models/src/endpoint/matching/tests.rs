//! Rows and targets in several spellings.

use proptest::prelude::*;

use super::*;
use crate::backlinks::{BulkRanksLive, BulkRanksLiveItem};

fn row(target: Option<&str>, rank: i64) -> BulkRanksLiveItem {
    let row = serde_json::json!({"target": target, "rank": rank});
    serde_json::from_value(row).unwrap()
}

/// Matches rows, given as the target that they name and a rank.
fn matches(targets: &[&str], rows: &[(&str, i64)]) -> RowMatches {
    let rows: Vec<_> = rows.iter().map(|(it, rank)| row(Some(it), *rank)).collect();
    match_rows::<BulkRanksLive>(targets, &rows)
}

/// Asserts the row of each target; all other rows are strays.
#[track_caller]
fn assert_rows(targets: &[&str], rows: &[(&str, i64)], expected: &[Option<usize>]) {
    let found = matches(targets, rows);
    assert_eq!(found.rows, expected, "{found:?}");
    let is_matched = |row: &usize| expected.contains(&Some(*row));
    let strays: Vec<usize> = (0..rows.len()).filter(|row| !is_matched(row)).collect();
    assert_eq!(found.strays, strays, "{found:?}");
}

#[test]
fn a_row_in_another_spelling_belongs_to_its_target() {
    for (target, echo) in [
        ("www.a1.example", "a1.example"),
        ("A2.Example", "a2.example"),
        ("https://a3.example", "https://a3.example/"),
        ("https://a4.example/p/", "https://a4.example/p"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("xn--mnchen-3ya.example", "münchen.example"),
        ("https://a5.example/ü", "https://a5.example/%C3%BC"),
        ("a8.example.", "a8.example"),
        ("http://a9.example/", "a9.example"),
        (
            "https://b2.example/?a=1&b=2",
            "https://b2.example/?a=1&amp;b=2",
        ),
        ("https://b4.example//x", "https://b4.example/x"),
        ("https://b5.example/Path", "https://b5.example/path"),
        ("https://user:pw@b9.example/", "https://b9.example/"),
    ] {
        assert_rows(&["other.example", target], &[(echo, 1)], &[None, Some(0)]);
        assert_rows(&[target], &[("x.example", 2), (echo, 1)], &[Some(1)]);
    }
}

#[test]
fn a_row_is_never_given_to_one_of_two_targets_by_chance() {
    // The server removed `www.`, and one of the two rows is that of the other target.
    let echoed = [("s.example", 1), ("s.example", 2)];
    assert_rows(&["www.s.example", "s.example"], &echoed, &[None, None]);
    assert_rows(&["www.s.example"], &echoed, &[None]);
    assert_rows(
        &["s.example"],
        &[("s.example", 1), ("S.example.", 2)],
        &[None],
    );
    let three = [
        "https://s.example/",
        "http://s.example/",
        "https://www.s.example/",
    ];
    assert_rows(
        &three,
        &[("s.example", 1), ("s.example", 2), ("s.example", 3)],
        &[None, None, None],
    );
    assert_rows(
        &three,
        &[("s.example", 1), ("s.example/", 2)],
        &[None, None, None],
    );
    // The row of the first target is known, and the other row fits both of the rest.
    assert_rows(
        &three,
        &[("https://s.example/", 1), ("s.example", 2)],
        &[Some(0), None, None],
    );
    // Pages that differ in case are two pages.
    assert_rows(
        &["https://s.example/X", "https://s.example/x"],
        &[("http://s.example/x", 1), ("https://s.example/x", 2)],
        &[None, Some(1)],
    );
    assert_rows(
        &["https://s.example/X", "https://s.example/Y"],
        &[("https://s.example/x", 1), ("http://s.example/x", 2)],
        &[None, None],
    );
}

#[test]
fn a_closer_form_comes_first() {
    // The server removed the slashes at the end.
    assert_rows(
        &[
            "http://s.example/p/",
            "https://s.example/p/",
            "https://www.s.example/p/",
        ],
        &[
            ("https://www.s.example/p", 1),
            ("https://s.example/p", 2),
            ("http://s.example/p", 3),
        ],
        &[Some(2), Some(1), Some(0)],
    );
    // And the scheme: two of the rows can be those of two targets.
    assert_rows(
        &[
            "http://s.example/p/",
            "https://s.example/p/",
            "www.s.example/p/",
        ],
        &[
            ("www.s.example/p", 1),
            ("s.example/p", 2),
            ("s.example/p", 3),
        ],
        &[None, None, Some(0)],
    );
}

#[test]
fn what_remains_belongs_together_if_it_is_one_row_and_one_target() {
    assert_rows(
        &["s.example", "https://www.s.example/"],
        &[("https://s.example", 1), ("s.example", 2)],
        &[Some(1), Some(0)],
    );
    assert_rows(
        &["www.s.example", "WWW.s.example."],
        &[("s.example", 1)],
        &[Some(0), Some(0)],
    );
}

#[test]
fn spellings_of_one_target_share_a_row_unless_the_response_has_a_row_for_each() {
    let spellings = ["s.example", "S.example", "s.example"];
    assert_rows(&spellings, &[("s.example", 1)], &[Some(0); 3]);
    assert_rows(&spellings, &[("S.EXAMPLE.", 1)], &[Some(0); 3]);
    assert_rows(
        &spellings,
        &[("S.example", 1), ("s.example", 2)],
        &[Some(1), Some(0), Some(1)],
    );
}

#[test]
fn one_row_for_targets_that_are_alike_is_for_all_of_them() {
    let alike = ["http://s.example/", "https://s.example/"];
    assert_rows(&alike, &[("s.example", 1)], &[Some(0); 2]);
    // The row names one of them, so the other has none.
    let found = matches(&alike, &[("https://s.example", 1)]);
    assert_eq!(found.rows, [None, Some(0)]);
    assert_eq!((found.alike, found.strays), (vec![Some(1), None], vec![]));
}

#[test]
fn equal_rows_count_as_one() {
    let three = [("s.example", 1); 3];
    let found = matches(&["t.example", "s.example"], &three);
    assert_eq!(found.rows, [None, Some(0)]);
    assert_eq!((found.alike, found.strays), (vec![None; 2], vec![]));
    let found = matches(&["www.s.example"], &three);
    assert_eq!((found.rows, found.strays), (vec![Some(0)], vec![]));
}

#[test]
fn rows_of_others_and_rows_without_a_target_are_strays() {
    assert_rows(
        &["a.example", "b.example"],
        &[
            ("x.example", 1),
            ("b.example", 2),
            ("", 3),
            ("x.example", 1),
        ],
        &[None, Some(1)],
    );
    let rows = [row(None, 1), row(Some("a.example"), 2)];
    let found = match_rows::<BulkRanksLive>(&["a.example", "b.example"], &rows);
    assert_eq!((found.rows, found.strays), (vec![Some(1), None], vec![0]));
}

/// Rewrites a target as a server may, within what is ignored.
fn rewritten(target: &str, how: u8) -> String {
    let mut text = target.to_owned();
    for (bit, from, to) in [
        (1, "www.", ""),
        (2, "https://", "http://"),
        (4, "://", "://u@"),
    ] {
        if how & bit != 0 {
            text = text.replacen(from, to, 1);
        }
    }
    match how & 24 {
        8 => text.to_uppercase(),
        16 => format!("{}/", text.trim_end_matches('/')),
        _ => text,
    }
}

proptest! {
    /// Each target has a row of its own, and the server rewrites each target in its own way and returns
    /// the rows in another order. With one row per target, a target that no other target is alike to
    /// has its row, and no target has a row that is not alike to it.
    #[test]
    fn rows_are_never_swapped_between_targets_that_are_not_alike(
        hosts in prop::collection::vec((0_u8..6, 0_u8..4, any::<u8>()), 1..8),
        order in any::<prop::sample::Index>(),
    ) {
        let target = |(host, form, _): &(u8, u8, u8)| match form {
            0 => format!("h{host}.example"),
            1 => format!("www.h{host}.example"),
            2 => format!("https://h{host}.example/"),
            _ => format!("https://www.h{host}.example/p{host}"),
        };
        let targets: Vec<String> = hosts.iter().map(target).collect();
        let mut rows: Vec<_> = targets.iter().zip(&hosts).enumerate().map(|(index, (it, host))| {
            row(Some(&rewritten(it, host.2)), index as i64)
        }).collect();
        let shift = order.index(rows.len());
        rows.rotate_left(shift);
        let found = match_rows::<BulkRanksLive>(&targets, &rows);
        let alike = |it: &str| weak_key(&target_key(it), Ignored::Case);
        for (index, position) in found.rows.iter().enumerate() {
            let key = alike(&targets[index]);
            let is_only = targets.iter().filter(|it| alike(it) == key).count() == 1;
            if let Some(position) = position {
                prop_assert_eq!(alike(rows[*position].target.as_deref().unwrap()), key);
            }
            if is_only {
                let rank = position.and_then(|it| rows[it].rank);
                prop_assert_eq!(rank, Some(index as i64));
            }
        }
        for stray in &found.strays {
            prop_assert!(!found.rows.contains(&Some(*stray)));
        }
    }
}
