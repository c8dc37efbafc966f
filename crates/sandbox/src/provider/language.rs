//! The language of the login page: `ui_locales` (OpenID Connect Core 3.1.2.1), then the browser's.

use axum::http::{HeaderMap, header};

/// The languages that the club speaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Language {
    English,
    French,
    German,
}

impl Language {
    /// The first that the club speaks, in the order of preference.
    pub(crate) fn choose(ui_locales: Option<&str>, headers: &HeaderMap) -> Language {
        let accepted = headers
            .get(header::ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        ui_locales
            .unwrap_or_default()
            .split(' ')
            .chain(
                accepted
                    .split(',')
                    .map(|part| part.split(';').next().unwrap_or_default().trim()),
            )
            .find_map(|tag| {
                match tag
                    .split('-')
                    .next()
                    .unwrap_or_default()
                    .to_ascii_lowercase()
                    .as_str()
                {
                    "en" => Some(Language::English),
                    "fr" => Some(Language::French),
                    "de" => Some(Language::German),
                    _ => None,
                }
            })
            .unwrap_or(Language::English)
    }

    pub(crate) const fn texts(self) -> &'static Texts {
        match self {
            Language::English => &ENGLISH,
            Language::French => &FRENCH,
            Language::German => &GERMAN,
        }
    }
}

/// Every sentence of the club's pages.
pub(crate) struct Texts {
    pub(crate) lang: &'static str,
    pub(crate) sign_in: &'static str,
    pub(crate) sign_in_for: &'static str,
    pub(crate) username: &'static str,
    pub(crate) password: &'static str,
    pub(crate) cancel: &'static str,
    pub(crate) no_account: &'static str,
    pub(crate) create_account: &'static str,
    pub(crate) given_name: &'static str,
    pub(crate) family_name: &'static str,
    pub(crate) email: &'static str,
    pub(crate) second_factor: &'static str,
    pub(crate) otp: &'static str,
    pub(crate) otp_hint: &'static str,
    pub(crate) confirm: &'static str,
    pub(crate) frozen: &'static str,
    pub(crate) frozen_text: &'static str,
    pub(crate) back: &'static str,
    pub(crate) wrong_password: &'static str,
    pub(crate) wrong_otp: &'static str,
    pub(crate) taken: &'static str,
    pub(crate) incomplete: &'static str,
    pub(crate) refused: &'static str,
    pub(crate) gone: &'static str,
    pub(crate) other_browser: &'static str,
    pub(crate) sign_out: &'static str,
    pub(crate) sign_out_text: &'static str,
    pub(crate) signed_out: &'static str,
    pub(crate) signed_out_text: &'static str,
}

static ENGLISH: Texts = Texts {
    lang: "en",
    sign_in: "Sign in",
    sign_in_for: "to continue to the ticket shop",
    username: "Username or e-mail",
    password: "Password",
    cancel: "Cancel",
    no_account: "Not a member yet?",
    create_account: "Create an account",
    given_name: "First name",
    family_name: "Last name",
    email: "E-mail",
    second_factor: "Confirm it's you",
    otp: "Six-digit code",
    otp_hint: "Enter the code that your authenticator app shows.",
    confirm: "Confirm",
    frozen: "Your account is frozen",
    frozen_text: "The club has suspended this account. Write to members@club.example to have it opened again.",
    back: "Back to the ticket shop",
    wrong_password: "The username or the password is wrong.",
    wrong_otp: "This code is wrong. Try again.",
    taken: "There is an account with this e-mail already.",
    incomplete: "Fill in every field, with a valid e-mail address.",
    refused: "This sign-in can't go on",
    gone: "This sign-in is over. Go back to the ticket shop and start again.",
    other_browser: "This sign-in was started in another browser, or cookies are blocked. Go back to the ticket shop and start again.",
    sign_out: "Sign out of the club?",
    sign_out_text: "You'll be signed out of your Club account in this browser.",
    signed_out: "You are signed out",
    signed_out_text: "See you at the next match.",
};

static FRENCH: Texts = Texts {
    lang: "fr",
    sign_in: "Se connecter",
    sign_in_for: "pour continuer vers la billetterie",
    username: "Identifiant ou e-mail",
    password: "Mot de passe",
    cancel: "Annuler",
    no_account: "Pas encore membre ?",
    create_account: "Créer un compte",
    given_name: "Prénom",
    family_name: "Nom",
    email: "E-mail",
    second_factor: "Confirmez votre identité",
    otp: "Code à six chiffres",
    otp_hint: "Saisissez le code affiché par votre application d'authentification.",
    confirm: "Confirmer",
    frozen: "Votre compte est bloqué",
    frozen_text: "Le club a suspendu ce compte. Écrivez à members@club.example pour le faire rouvrir.",
    back: "Retour à la billetterie",
    wrong_password: "L'identifiant ou le mot de passe est incorrect.",
    wrong_otp: "Ce code est incorrect. Réessayez.",
    taken: "Il existe déjà un compte avec cet e-mail.",
    incomplete: "Remplissez tous les champs, avec une adresse e-mail valide.",
    refused: "Cette connexion ne peut pas continuer",
    gone: "Cette connexion est terminée. Retournez à la billetterie et recommencez.",
    other_browser: "Cette connexion a été commencée dans un autre navigateur, ou les cookies sont bloqués. Retournez à la billetterie et recommencez.",
    sign_out: "Se déconnecter du club ?",
    sign_out_text: "Vous serez déconnecté de votre compte Club dans ce navigateur.",
    signed_out: "Vous êtes déconnecté",
    signed_out_text: "À bientôt, au prochain match.",
};

static GERMAN: Texts = Texts {
    lang: "de",
    sign_in: "Anmelden",
    sign_in_for: "weiter zum Ticketshop",
    username: "Benutzername oder E-Mail",
    password: "Passwort",
    cancel: "Abbrechen",
    no_account: "Noch kein Mitglied?",
    create_account: "Konto erstellen",
    given_name: "Vorname",
    family_name: "Nachname",
    email: "E-Mail",
    second_factor: "Bestätigen Sie Ihre Identität",
    otp: "Sechsstelliger Code",
    otp_hint: "Geben Sie den Code aus Ihrer Authenticator-App ein.",
    confirm: "Bestätigen",
    frozen: "Ihr Konto ist gesperrt",
    frozen_text: "Der Club hat dieses Konto gesperrt. Schreiben Sie an members@club.example, um es wieder zu öffnen.",
    back: "Zurück zum Ticketshop",
    wrong_password: "Benutzername oder Passwort ist falsch.",
    wrong_otp: "Dieser Code ist falsch. Versuchen Sie es noch einmal.",
    taken: "Mit dieser E-Mail gibt es schon ein Konto.",
    incomplete: "Füllen Sie alle Felder aus, mit einer gültigen E-Mail-Adresse.",
    refused: "Diese Anmeldung geht nicht weiter",
    gone: "Diese Anmeldung ist vorbei. Gehen Sie zurück zum Ticketshop und beginnen Sie neu.",
    other_browser: "Diese Anmeldung wurde in einem anderen Browser begonnen, oder Cookies sind blockiert. Gehen Sie zurück zum Ticketshop und beginnen Sie neu.",
    sign_out: "Vom Club abmelden?",
    sign_out_text: "Sie werden in diesem Browser von Ihrem Club-Konto abgemeldet.",
    signed_out: "Sie sind abgemeldet",
    signed_out_text: "Bis zum nächsten Spiel.",
};
