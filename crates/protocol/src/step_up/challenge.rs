//! The challenge of [RFC 9470 §3](https://www.rfc-editor.org/rfc/rfc9470#section-3), in the grammar of
//! [RFC 9110 §11.6.1](https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1).

use super::StepUp;

/// The `error` of a call that needs another authentication than the one it came with.
pub const INSUFFICIENT_USER_AUTHENTICATION: &str = "insufficient_user_authentication";

impl StepUp {
    /// What a `WWW-Authenticate` asks for; `None` where none of its challenges asks for a step-up.
    pub fn from_challenge(www_authenticate: &str) -> Option<StepUp> {
        let mut challenges: Vec<Challenge<'_>> = Vec::new();
        let mut rest = www_authenticate;
        loop {
            rest = rest.trim_start_matches([' ', '\t', ',']);
            if rest.is_empty() {
                break;
            }
            let (name, after) = token(rest)?;
            if let Some((value, after)) = value(after) {
                challenges.last_mut()?.parameters.push((name, value));
                rest = after;
                continue;
            }
            if after.trim_start_matches([' ', '\t']).starts_with('=') {
                return None; // a parameter without a value, or one whose quotation mark isn't closed
            }
            challenges.push(Challenge {
                scheme: name,
                parameters: Vec::new(),
            });
            rest = after.trim_start_matches([' ', '\t']);
            // Neither a parameter nor the next challenge: a `token68`, which has nothing to say to us.
            let parameter = token(rest).and_then(|(_, after)| value(after));
            if parameter.is_none() {
                let (token68, after) = rest.split_at(rest.find(',').unwrap_or(rest.len()));
                if token68.contains('"') {
                    return None;
                }
                rest = after;
            }
        }
        challenges.iter().find_map(Challenge::step_up)
    }

    /// The challenge, for a call that came with a proof of
    /// [RFC 9449 §7.1](https://www.rfc-editor.org/rfc/rfc9449#section-7.1).
    pub fn to_challenge(&self) -> String {
        let mut challenge = format!(
            "DPoP error=\"{INSUFFICIENT_USER_AUTHENTICATION}\", \
             error_description=\"The authentication of this session is not enough for the call\""
        );
        if !self.acr_values.is_empty() {
            let acr_values = quoted(&self.acr_values.join(" "));
            challenge.push_str(&[", acr_values=", &acr_values].concat());
        }
        if let Some(max_age) = self.max_age {
            challenge.push_str(&[", max_age=", &max_age.to_string()].concat());
        }
        challenge
    }
}

struct Challenge<'a> {
    scheme: &'a str,
    parameters: Vec<(&'a str, String)>,
}

impl Challenge<'_> {
    fn step_up(&self) -> Option<StepUp> {
        let known = ["bearer", "dpop"];
        if !known
            .iter()
            .any(|known| self.scheme.eq_ignore_ascii_case(known))
            || self.parameter("error")? != INSUFFICIENT_USER_AUTHENTICATION
        {
            return None;
        }
        let acr_values = self.parameter("acr_values").unwrap_or_default();
        let acr_values = acr_values.split_ascii_whitespace().map(str::to_owned);
        Some(StepUp {
            acr_values: acr_values.collect(),
            // "A non-negative integer": what isn't one asks for an authentication of now.
            max_age: self
                .parameter("max_age")
                .map(|text| text.parse().unwrap_or(0)),
        })
    }

    /// A parameter's name is matched without case, and the first of its name counts.
    fn parameter(&self, name: &str) -> Option<&str> {
        let mut parameters = self.parameters.iter();
        let found = parameters.find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// A token (RFC 9110 §5.6.2) and what follows.
fn token(text: &str) -> Option<(&str, &str)> {
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    let length = text.bytes().take_while(|b| is_token(*b)).count();
    (length > 0).then(|| text.split_at(length))
}

/// The value of a parameter, after its name, and what follows: a token or a quoted string (RFC 9110 §11.2).
fn value(text: &str) -> Option<(String, &str)> {
    let text = text.trim_start_matches([' ', '\t']).strip_prefix('=')?;
    let text = text.trim_start_matches([' ', '\t']);
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, rest) = token(text)?;
        let ends = rest.trim_start_matches([' ', '\t']);
        return (ends.is_empty() || ends.starts_with(',')).then(|| (value.to_owned(), rest));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => value.push(characters.next()?.1),
            _ => value.push(character),
        }
    }
    None
}

/// A quoted string (RFC 9110 §5.6.4). What a header can't carry is left out.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            quoted.push('\\');
        }
        if matches!(character, ' '..='~') {
            quoted.push(character);
        }
    }
    quoted.push('"');
    quoted
}
