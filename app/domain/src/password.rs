use std::fmt;

/// A password that was chosen well enough to be taken. It is never shown or logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    #[error("a password has at least 8 characters")]
    TooShort,
    #[error("a password has at most 128 characters")]
    TooLong,
    #[error("this password is one of the first that anyone would try; choose another one")]
    TooCommon,
}

impl Password {
    /// The most characters that are taken; nothing longer needs to be looked at.
    pub const MAX: usize = 128;

    /// Takes a password that a person chose for themselves.
    pub fn chosen(text: &str) -> Result<Self, WeakPassword> {
        let password = Self::given(text)?;
        if is_common(text) {
            return Err(WeakPassword::TooCommon);
        }
        Ok(password)
    }

    /// Takes a password from the settings: only its length is judged, the rest is up to whoever
    /// runs the product.
    pub fn given(text: &str) -> Result<Self, WeakPassword> {
        match text.chars().count() {
            0..8 => Err(WeakPassword::TooShort),
            8..=Self::MAX => Ok(Self(text.to_owned())),
            _ => Err(WeakPassword::TooLong),
        }
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// What people choose first, and what they build on: `P@ssw0rd123!` is `password`.
const COMMON: &[&str] = &[
    "abc",
    "access",
    "admin",
    "administrator",
    "adobe",
    "amanda",
    "andrea",
    "andrew",
    "angel",
    "anthony",
    "apple",
    "asdf",
    "asdfasdf",
    "ashley",
    "austin",
    "azerty",
    "bailey",
    "banana",
    "barcelona",
    "baseball",
    "basketball",
    "batman",
    "buster",
    "butterfly",
    "changeme",
    "charlie",
    "cheese",
    "chelsea",
    "chocolate",
    "computer",
    "cookie",
    "dallas",
    "daniel",
    "default",
    "diamond",
    "diquis",
    "donald",
    "dragon",
    "family",
    "flower",
    "football",
    "freedom",
    "friends",
    "george",
    "ginger",
    "hallo",
    "hannah",
    "harley",
    "heaven",
    "hello",
    "hockey",
    "hunter",
    "iloveyou",
    "internet",
    "jennifer",
    "jessica",
    "jordan",
    "joshua",
    "justin",
    "killer",
    "letmein",
    "liverpool",
    "login",
    "london",
    "lovely",
    "loveme",
    "maggie",
    "master",
    "matrix",
    "matthew",
    "mercedes",
    "michael",
    "michelle",
    "monkey",
    "mustang",
    "mynoob",
    "nicole",
    "nothing",
    "passphrase",
    "passwort",
    "password",
    "passw",
    "pepper",
    "pokemon",
    "princess",
    "purple",
    "qazwsx",
    "qqww",
    "qwer",
    "qwert",
    "qwerty",
    "ranger",
    "robert",
    "samsung",
    "secret",
    "shadow",
    "soccer",
    "sommer",
    "spring",
    "starwars",
    "summer",
    "sunshine",
    "superman",
    "taylor",
    "temp",
    "tenant",
    "test",
    "testtest",
    "thomas",
    "thunder",
    "tigger",
    "trustno",
    "user",
    "welcome",
    "whatever",
    "willkommen",
    "winter",
    "yankees",
    "zaq",
    "zxcvbn",
    "zxcvbnm",
    "herbst",
    "autumn",
    "january",
    "february",
    "monday",
    "friday",
    "company",
    "business",
    "office",
    "manager",
    "support",
    "service",
    "demo",
    "guest",
    "root",
    "server",
    "system",
    "hangfire",
    "startrek",
    "minecraft",
    "fuckyou",
    "asshole",
    "bitch",
    "pussy",
];

/// Rows of a keyboard and of the alphabet, to be walked in either direction.
const WALKS: &[&str] = &[
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "yxcvbnm",
    "azertyuiop",
    "1q2w3e4r5t6z7u8i9o0p",
    "1q2w3e4r5t6y7u8i9o0p",
    "1qaz2wsx3edc4rfv5tgb",
    "qazwsxedcrfvtgb",
    "q1w2e3r4t5y6",
];

fn is_common(text: &str) -> bool {
    let lower = text.to_lowercase();
    few_different_characters(&lower) || is_walk(&lower) || is_built_on_a_common_word(&lower)
}

fn few_different_characters(text: &str) -> bool {
    let mut seen: Vec<char> = text.chars().collect();
    seen.sort_unstable();
    seen.dedup();
    seen.len() <= 2
}

fn is_walk(text: &str) -> bool {
    let backwards: String = text.chars().rev().collect();
    WALKS
        .iter()
        .any(|walk| walk.contains(text) || walk.contains(&backwards))
}

/// Whether nothing but digits and signs was put around a common word or a walk, or the word stands
/// there twice.
fn is_built_on_a_common_word(text: &str) -> bool {
    let core = text.trim_matches(|c: char| !c.is_alphabetic());
    let plain_core: String = core.chars().map(plain_letter).collect();
    let plain: String = text.chars().map(plain_letter).collect();

    [core, &*plain_core, &*plain].into_iter().any(|word| {
        let half = word.get(..word.len() / 2).unwrap_or(word);
        let is_doubled = half.repeat(2) == word;
        let is_short_walk = word.len() >= 4 && is_walk(word);
        is_short_walk || COMMON.contains(&word) || (is_doubled && COMMON.contains(&half))
    })
}

const fn plain_letter(c: char) -> char {
    match c {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_a_length() {
        assert_eq!(Password::chosen("short"), Err(WeakPassword::TooShort));
        assert!(Password::chosen(&"Wrdlbrmpfd ".repeat(11)).is_ok());
        assert_eq!(
            Password::chosen(&"x".repeat(129)),
            Err(WeakPassword::TooLong)
        );
    }

    #[test]
    fn common_passwords_are_refused() {
        for text in [
            "password",
            "Password1",
            "P@ssw0rd123!",
            "12345678",
            "87654321",
            "qwertyuiop",
            "1q2w3e4r",
            "iloveyou2",
            "aaaaaaaa",
            "abababab",
            "Welcome2026!",
            "letmein!!",
            "Diquis123",
            "testtest",
            "qwerty12",
            "sunshine99",
            "adminadmin",
            "asdfghjkl1",
        ] {
            assert_eq!(
                Password::chosen(text),
                Err(WeakPassword::TooCommon),
                "{text}"
            );
        }
    }

    #[test]
    fn other_passwords_are_taken() {
        for text in [
            "correct horse battery staple",
            "kV7#pQ2x",
            "Mein Hund heißt Rex",
            "grünes-Fahrrad-7",
        ] {
            assert!(Password::chosen(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let password = Password::chosen("correct horse battery staple").expect("good");

        assert_eq!(format!("{password:?}"), "Password(…)");
    }
}
