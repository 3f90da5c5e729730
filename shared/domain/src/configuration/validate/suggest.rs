//! "Did you mean ...?"

use jiff::tz::TimeZoneDatabase;

/// The longest word that is compared.
const MOST_COMPARED_BYTES: usize = 200;

/// A suggestion for a word that is not among the known ones.
pub fn among(word: &str, known: &[&str]) -> String {
    const MOST_LISTED: usize = 6;
    match closest(word, known.iter().copied()) {
        Some(near) => format!("did you mean {near:?}?"),
        None if known.is_empty() => "none is defined yet: add it first".to_owned(),
        None if known.len() <= MOST_LISTED => format!("known: {}", known.join(", ")),
        None => format!("known: {}, and {} more", known[..MOST_LISTED].join(", "), known.len() - MOST_LISTED),
    }
}

/// A suggestion for an unknown time zone: by spelling, or by the city alone.
pub fn zone(name: &str) -> String {
    let names: Vec<String> = TimeZoneDatabase::bundled().available().map(|n| n.to_string()).collect();
    let city = |n: &str| n.rsplit('/').next().unwrap_or(n).to_ascii_lowercase();
    let wanted = name.trim().replace(' ', "_").to_ascii_lowercase();
    let by_city = names.iter().map(String::as_str).find(|n| n.contains('/') && city(n) == wanted);
    match by_city.or_else(|| closest(name, names.iter().map(String::as_str))) {
        Some(near) => format!("did you mean {near:?}?"),
        None => "write a name of the IANA database, like Europe/London".to_owned(),
    }
}

/// The known word that a misspelt one is close to: a third of its letters may differ, or it is the beginning of the known one.
///
/// ```
/// # use tocsin_domain::configuration::validate::suggest::closest;
/// assert_eq!(closest("grcae", ["ada", "grace"]), Some("grace"));
/// assert_eq!(closest("delay", ["delay_s", "targets"]), Some("delay_s"));
/// assert_eq!(closest("linus", ["ada", "grace"]), None);
/// ```
pub fn closest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    // Nobody misspells a word of that length, and comparing it with everything takes time.
    if word.len() > MOST_COMPARED_BYTES {
        return None;
    }
    let word: Vec<char> = word.to_lowercase().chars().collect();
    let allowed = (word.len() / 3).max(1);
    known
        .into_iter()
        .filter_map(|k| {
            let candidate: Vec<char> = k.to_lowercase().chars().collect();
            let distance = distance(&word, &candidate);
            let begins = word.len() >= 3 && candidate.starts_with(&word);
            (distance <= allowed || begins).then_some((if begins { 1 } else { distance }, k))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, k)| k)
}

/// How many letters to insert, remove, change or swap with their neighbour.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before = vec![0; b.len() + 1];
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1; b.len() + 1];
        for (j, y) in b.iter().enumerate() {
            let mut least = (above[j] + usize::from(x != y)).min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                least = least.min(before[j - 1] + 1);
            }
            row[j + 1] = least;
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (a, b, expected) in [("", "", 0), ("a", "", 1), ("ab", "ba", 1), ("kitten", "sitting", 3), ("grace", "grace", 0), ("abcd", "acbd", 1)] {
            let chars = |s: &str| s.chars().collect::<Vec<_>>();
            assert_eq!(distance(&chars(a), &chars(b)), expected, "{a} {b}");
            assert_eq!(distance(&chars(b), &chars(a)), expected, "{b} {a}");
        }
    }

    #[test]
    fn says_what_is_known_where_nothing_is_close() {
        assert_eq!(among("x", &[]), "none is defined yet: add it first");
        assert_eq!(among("linus", &["ada", "grace"]), "known: ada, grace");
        let endless = "a".repeat(1_000_000);
        assert_eq!(closest(&endless, [endless.as_str()]), None, "what is very long is not compared");
        assert_eq!(among("zzzzzz", &["a1", "b1", "c1", "d1", "e1", "f1", "g1"]), "known: a1, b1, c1, d1, e1, f1, and 1 more");
    }

    #[test]
    fn zones_by_spelling_and_by_city() {
        assert_eq!(zone("Europe/Londn"), "did you mean \"Europe/London\"?");
        assert_eq!(zone("new york"), "did you mean \"America/New_York\"?");
        assert_eq!(zone("nowhere at all"), "write a name of the IANA database, like Europe/London");
    }
}
