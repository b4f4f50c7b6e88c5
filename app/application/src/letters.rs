//! What the product writes to people.

use std::time::Duration;

use domain::{Tenant, User};

use crate::App;
use crate::ports::Token;

/// How long a link that sets a password can be used.
pub const LINK_LIFETIME: Duration = Duration::from_hours(24);

const LINK_NOTE: &str = "The link works once and for 24 hours.";

/// The secret stands behind the `#`, where no server or proxy writes it into a log.
pub fn set_password_link(app: &App, token: &Token) -> String {
    format!(
        "{}/set-password#token={}",
        app.settings.public_url,
        token.expose()
    )
}

pub fn welcome(app: &App, tenant: &Tenant, user: &User, link: Option<String>) -> Text {
    let greeting = Text::to(user, format!("{} is ready", tenant.name))
        .paragraph(format!("{} is ready on Diquis.", tenant.name))
        .paragraph(format!("Sign in at: {}", sign_in_address(app)))
        .paragraph(format!("Your user name: {}", user.email));
    match link {
        Some(link) => greeting
            .paragraph("Set your password with this link before you sign in:")
            .link("Set your password", link)
            .paragraph(LINK_NOTE),
        None => greeting
            .paragraph("Sign in with the password you already have.")
            .link("Sign in", sign_in_address(app)),
    }
}

pub fn already_known(app: &App, user: &User, link: String) -> Text {
    Text::to(user, "You already have an account".to_owned())
        .paragraph("Someone, probably you, signed up at Diquis with this address. It has an account already, so nothing was created.")
        .paragraph(format!("Sign in at: {}", sign_in_address(app)))
        .paragraph("If you have no password or forgot it, set one with this link:")
        .link("Set your password", link)
        .paragraph(LINK_NOTE)
        .paragraph("If it was not you, there is nothing to do.")
}

pub fn still_preparing(tenant: &Tenant) -> Text {
    Text::to_whoever("Your account is being prepared".to_owned())
        .paragraph("Someone, probably you, signed up at Diquis with this address once more.")
        .paragraph(format!(
            "{} is still being prepared. Your login details follow as soon as it is ready.",
            tenant.name
        ))
}

pub fn password_changed(app: &App, user: &User) -> Text {
    Text::to(user, "Your password was changed".to_owned())
        .paragraph("The password of your account at Diquis was changed, and all sessions were ended.")
        .paragraph("If it was not you, sign up again with this address: you get a link that sets a password of your own.")
        .link("Open Diquis", app.settings.public_url.clone())
}

fn sign_in_address(app: &App) -> String {
    format!("{}/sign-in", app.settings.public_url)
}

/// A letter, written once and rendered as plain text and as HTML.
#[derive(Debug)]
pub struct Text {
    pub subject: String,
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    Paragraph(String),
    Link { label: &'static str, url: String },
}

impl Text {
    fn to(user: &User, subject: String) -> Self {
        Self {
            subject,
            parts: Vec::new(),
        }
        .paragraph(format!("Hello {},", user.display_name))
    }

    fn to_whoever(subject: String) -> Self {
        Self {
            subject,
            parts: Vec::new(),
        }
        .paragraph("Hello,")
    }

    fn paragraph(mut self, text: impl Into<String>) -> Self {
        self.parts.push(Part::Paragraph(text.into()));
        self
    }

    fn link(mut self, label: &'static str, url: String) -> Self {
        self.parts.push(Part::Link { label, url });
        self
    }

    pub fn plain(&self) -> String {
        let parts = self.parts.iter().map(|part| match part {
            Part::Paragraph(text) => text.as_str(),
            Part::Link { url, .. } => url,
        });
        parts.collect::<Vec<_>>().join("\n\n") + "\n"
    }

    /// A line for each part: mail servers refuse very long ones.
    pub fn html(&self) -> String {
        let parts: String = self.parts.iter().map(Part::html).collect();
        format!(
            "<!doctype html>\n\
             <html lang=\"en\">\n\
             <head><meta charset=\"utf-8\"><title>{}</title></head>\n\
             <body style=\"font-family:sans-serif;line-height:1.5;max-width:36rem;\
             margin:2rem auto;padding:0 1rem\">\n\
             {parts}</body>\n\
             </html>\n",
            escaped(&self.subject)
        )
    }
}

impl Part {
    fn html(&self) -> String {
        match self {
            Self::Paragraph(text) => format!("<p>{}</p>\n", escaped(text)),
            Self::Link { label, url } => format!(
                "<p><a href=\"{}\">{}</a></p>\n",
                escaped(url),
                escaped(label)
            ),
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_typed_is_text_in_the_html_part() {
        let letter = Text::to_whoever("<b>Acme</b>".to_owned()).paragraph("Tom & \"Jerry\" <x>");

        let html = letter.html();

        assert!(html.contains("<title>&lt;b&gt;Acme&lt;/b&gt;</title>"));
        assert!(html.contains("<p>Tom &amp; &quot;Jerry&quot; &lt;x&gt;</p>"));
    }

    #[test]
    fn no_line_is_too_long_for_a_mail_server() {
        let name = "<\">".repeat(33);
        let letter = Text::to_whoever(name.clone())
            .paragraph(format!("{name} is ready on Diquis."))
            .link(
                "Open",
                format!("https://{}/#token={}", "x".repeat(253), "y".repeat(43)),
            );

        assert!(letter.html().lines().all(|line| line.len() < 998));
        assert!(letter.plain().lines().all(|line| line.len() < 998));
    }

    #[test]
    fn a_link_stands_alone_in_the_plain_part() {
        let letter =
            Text::to_whoever("Hi".to_owned()).link("Open", "https://x.example/a#b".to_owned());

        assert!(
            letter
                .plain()
                .lines()
                .any(|line| line == "https://x.example/a#b")
        );
    }
}
