//! What identifies a keyword: keys that are equal for spellings of one keyword.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// Returns the key of a keyword. Two keywords with equal keys are the same keyword for the API, which
/// returns keywords in lower case.
///
/// Equal keys have spellings that differ in letter case and white space only: white space around the
/// keyword is ignored, and any other is one space.
///
/// ```
/// use dataforseo_models::keyword_key;
///
/// assert_eq!(keyword_key(" Coffee  Machine"), "coffee machine");
/// assert_ne!(keyword_key("coffee+machine"), "coffee machine");
/// ```
pub fn keyword_key(keyword: &str) -> Cow<'_, str> {
    let is_plain = |c: u8| matches!(c, b'a'..=b'z' | b'0'..=b'9');
    if keyword.bytes().all(is_plain) {
        return Cow::Borrowed(keyword);
    }
    let words: Vec<String> = keyword.split_whitespace().map(str::to_lowercase).collect();
    Cow::Owned(words.join(" "))
}

/// Returns a weaker key for the [`keyword_key`] of a keyword: the API decodes `%20` and `+`.
pub(super) fn weak_keyword_key(key: &str) -> String {
    let spaces = key.replace('+', " ");
    let decoded = percent_decode_str(&spaces).decode_utf8_lossy();
    keyword_key(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_keyword_have_one_key() {
        for (spelling, other) in [
            ("Coffee", "coffee"),
            ("\tcoffee\u{a0}machine ", "coffee machine"),
            ("BÜCHER", "bücher"),
            ("", "  "),
        ] {
            assert_eq!(keyword_key(spelling), keyword_key(other), "{spelling}");
        }
    }

    #[test]
    fn different_keywords_have_different_keys() {
        for (keyword, other) in [
            ("coffee machine", "coffeemachine"),
            ("cafe", "café"),
            ("c++", "c"),
            ("100%", "100"),
            ("straße", "strasse"),
        ] {
            assert_ne!(keyword_key(keyword), keyword_key(other), "{keyword}");
        }
    }

    #[test]
    fn encoded_keywords_are_alike() {
        for (keyword, other) in [
            ("coffee+machine", "coffee machine"),
            ("a%20b", "a b"),
            ("100%25", "100%"),
        ] {
            assert_eq!(
                weak_keyword_key(&keyword_key(keyword)),
                weak_keyword_key(&keyword_key(other))
            );
        }
    }
}
