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
}
