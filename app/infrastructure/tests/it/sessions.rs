use application::ports::{Session, SessionId};
use domain::User;
use jiff::ToSpan;
use uuid::Uuid;

use crate::stage::{Stage, now, on_both};

fn session(user: &User) -> Session {
    Session {
        id: SessionId(Uuid::now_v7()),
        user_id: user.id,
        started_at: now(),
        expires_at: now() + 1.hour(),
        ended_at: None,
    }
}

on_both! {
    async fn a_token_is_good_for_one_use(stage: &Stage) {
        let ada = stage.user("ada@acme.example").await;
        let session = session(&ada);
        let hash = stage.adapters.tokens.hash("secret");
        let mut transaction = stage.begin().await;
        let sessions = transaction.sessions();
        sessions.add(&session).await.expect("added");
        sessions.add_token(session.id, &hash).await.expect("added");

        let first = sessions.use_token(&hash, now()).await.expect("answered");
        let second = sessions.use_token(&hash, now()).await.expect("answered");

        assert_eq!((first, second), (true, false));
        let found = sessions.find_token(&hash).await.expect("answered").expect("there");
        assert_eq!(found.session, session);
        assert!(found.used_at.is_some());
    }

    async fn all_sessions_of_a_user_end_and_no_other(stage: &Stage) {
        let ada = stage.user("ada@acme.example").await;
        let eve = stage.user("eve@acme.example").await;
        let (one, two, other) = (session(&ada), session(&ada), session(&eve));
        let mut transaction = stage.begin().await;
        let sessions = transaction.sessions();
        for session in [&one, &two, &other] {
            sessions.add(session).await.expect("added");
        }

        sessions.end_all(ada.id, now()).await.expect("ended");

        for (session, is_open) in [(one, false), (two, false), (other, true)] {
            let found = sessions.find(session.id).await.expect("answered");
            assert_eq!(found.expect("there").is_open(now()), is_open);
        }
    }

    async fn one_session_ends_alone(stage: &Stage) {
        let ada = stage.user("ada@acme.example").await;
        let (one, other) = (session(&ada), session(&ada));
        let mut transaction = stage.begin().await;
        let sessions = transaction.sessions();
        for session in [&one, &other] {
            sessions.add(session).await.expect("added");
        }

        sessions.end(one.id, now()).await.expect("ended");

        for (session, is_open) in [(one, false), (other, true)] {
            let found = sessions.find(session.id).await.expect("answered");
            assert_eq!(found.expect("there").is_open(now()), is_open);
        }
    }

    async fn what_expired_is_forgotten_with_its_tokens(stage: &Stage) {
        let ada = stage.user("ada@acme.example").await;
        let session = session(&ada);
        let hash = stage.adapters.tokens.hash("secret");
        let mut transaction = stage.begin().await;
        let sessions = transaction.sessions();
        sessions.add(&session).await.expect("added");
        sessions.add_token(session.id, &hash).await.expect("added");

        sessions.remove_expired(ada.id, now()).await.expect("removed");
        assert!(sessions.find_token(&hash).await.expect("answered").is_some());
        sessions.remove_expired(ada.id, now() + 2.hours()).await.expect("removed");

        assert!(sessions.find_token(&hash).await.expect("answered").is_none());
        assert!(sessions.find(session.id).await.expect("answered").is_none());
    }

    async fn what_expired_is_forgotten_of_everybody(stage: &Stage) {
        let ada = stage.user("ada@acme.example").await;
        let eve = stage.user("eve@acme.example").await;
        let long = Session { expires_at: now() + 3.hours(), ..session(&ada) };
        let (one, other) = (session(&ada), session(&eve));
        let mut transaction = stage.begin().await;
        let sessions = transaction.sessions();
        for session in [&long, &one, &other] {
            sessions.add(session).await.expect("added");
        }

        let removed = sessions.remove_all_expired(now() + 2.hours()).await;
        assert_eq!(removed.expect("removed"), 2);

        for (session, is_there) in [(long, true), (one, false), (other, false)] {
            let found = sessions.find(session.id).await.expect("answered");
            assert_eq!(found.is_some(), is_there);
        }
    }

    async fn links_that_were_used_or_expired_are_forgotten(stage: &Stage) {
        let names = ["fresh", "used", "old"];
        let hash = |name: &str| stage.adapters.tokens.hash(name);
        let mut users = Vec::new();
        for name in names {
            users.push(stage.user(&format!("{name}@acme.example")).await);
        }
        let mut transaction = stage.begin().await;
        let links = transaction.one_time_links();
        for (user, name) in users.iter().zip(names) {
            let expires_at = if name == "old" { now() } else { now() + 1.hour() };
            links.put(user.id, &hash(name), expires_at).await.expect("stored");
        }
        links.redeem(&hash("used"), now()).await.expect("redeemed");

        assert_eq!(links.remove_spent(now()).await.expect("removed"), 2);

        // Before its end the old one would still open.
        let earlier = now() - 1.hour();
        for (name, is_there) in names.into_iter().zip([true, false, false]) {
            let found = links.find(&hash(name), earlier).await.expect("answered");
            assert_eq!(found.is_some(), is_there, "{name}");
        }
    }
}
